// Data sets become tensors of a model, layers its modules: what the layouts of Keras have in common.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "formats/keras/classes.h"
#include "formats/keras/config.h"
#include "formats/keras/store.h"
#include "model/builder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::keras {

class Assembler {
 public:
  // `base` is where the store's source begins in the file that was given. All must outlive it.
  Assembler(Store& store, const std::vector<ConfigNode>& nodes, const ReadOptions& options, Model& model,
            std::uint64_t base, bool is_plain);

  Store& store() { return store_; }
  Model& model() { return model_; }
  const Limits& limits() const { return options_.limits; }
  bool has_config() const { return !nodes_.empty(); }
  const ConfigNode& node(std::size_t index) const { return nodes_[index]; }
  const std::vector<ConfigNode>& nodes() const { return nodes_; }

  Index add_module(Index parent, std::string_view name, std::string_view type);
  // `variable` is what the class says of it, null where it does not; `node` the layer's configuration, or kNothing.
  Index add_tensor(Index module, std::string_view name, std::size_t item, const Variable* variable, std::size_t node);
  // A variable that is another one under a second name, though the file keeps both.
  Index add_tie(Index module, std::string_view name, std::size_t item, Index original);
  // Variables that are not there yet, of a layer and of those in it, which are made as modules.
  void add_unbuilt(Index module, std::size_t node);
  // Whether the layer, or one in it, has variables as soon as it is built.
  bool will_have_variables(std::size_t node) const;
  // What belongs to none of the model's layers: counted, but not among its parameters.
  void add_optimizer(std::size_t group);

 private:
  void add_unbuilt(Index module, std::size_t node, const Variable& variable, Index input);
  Extent extent_of(const Dimension& dimension, Index layer);
  RequiresGrad requires_grad(const Tensor& tensor, const Variable* variable, std::size_t node) const;

  Store& store_;
  const std::vector<ConfigNode>& nodes_;
  const ReadOptions& options_;
  Model& model_;
  ModelBuilder builder_;
  std::uint64_t base_;
  bool is_plain_;                         // the data lie in the file as they are
  std::map<std::size_t, Index> tensors_;  // by item
  std::map<std::pair<Index, std::string>, SymbolId> symbols_;
};

}  // namespace weigh::keras
