// Building a Model from dotted names. Formats that list tensors ("model.layers.0.weight") add those; formats that hold
// a tree add modules.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "bytes/flat_index.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

class ModelBuilder {
 public:
  ModelBuilder(Model& model, const Limits& limits) : model_(model), limits_(limits), unsorted_(model.modules.size()) {}

  // The module with this path below `root`, made where it is missing, its ancestors too. `path` must live as long as
  // the model (a view into kept text) and is a full path: for a root with a path, it begins with that and a dot.
  Index module(std::string_view path, Index root = 0);
  // The module that owns a tensor with this path: all before the last dot.
  Index module_of(std::string_view tensor, Index root = 0);
  // A new child, for formats that hold a tree. `path` as above.
  Index add_child(Index parent, std::string_view path);

  // Adds a tensor to the module that its path names (all before the last dot), or to `tensor.module` as it stands.
  // Fills `first_extent` and `rank` (which stays where it says kUnknownRank). A tied tensor becomes as its original in
  // all but name, so that it is counted as what it is; its shape must be the same. Throws Error(limit).
  Index add_by_path(Tensor tensor, std::span<const Extent> shape, Index root = 0);
  Index add_to_module(Tensor tensor, std::span<const Extent> shape);

  // The second half of these: threads a tensor that stands in Model::tensors, with its module and extents, into the
  // module. To be called in the order of tensors.
  void link(Index tensor);

  // The tensor with this path; kNone where there is none. Makes no module.
  Index find(std::string_view path, Index root = 0);
  // The same among the tensors of one module.
  Index find_in_module(std::string_view path, Index module) const;

  SymbolId symbol(std::string_view name, std::string_view layer);

  // Orders siblings by name, numbers by value: for formats that lost the definition order.
  void sort_siblings();

 private:
  void be_as_original(Tensor& tensor) const;
  struct Step {
    Index module = 0;
    Index child = kNone;  // the child of it that was wanted last
  };
  Index next_child(const Step& above, std::string_view path) const;
  Index find_child(Index parent, std::string_view path);
  bool is_surely_new(Index parent, std::string_view path) const;
  bool is_crowded(Index module) const;
  void link_child(Index parent, Index child);
  Model& model_;
  const Limits& limits_;
  // Modules of the last path, its root first: the next name mostly shares them, or goes on with their next siblings,
  // and then nothing is looked up.
  std::vector<Step> trail_;
  std::vector<bool> unsorted_;  // by module: its children did not come in the order of their names
  FlatIndex by_name_;           // modules by (parent, name), up to indexed_: made when it is needed first
  std::size_t indexed_ = 0;
  FlatIndex crowded_;  // tensors by path, of modules that own too many to look at each
};

}  // namespace weigh
