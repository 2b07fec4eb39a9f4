// A checkpoint of TensorFlow as a model: which tensors are its own and how they are called, which are of an optimizer.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "formats/tensorflow/bundle.h"
#include "formats/tensorflow/object_graph.h"
#include "formats/tensorflow/saved_model.h"
#include "model/builder.h"
#include "model/sections.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::tensorflow {

class Assembler {
 public:
  // All must outlive it.
  Assembler(const Bundle& bundle, const ReadOptions& options, Model& model)
      : bundle_(bundle), options_(options), model_(model), builder_(model, options.limits) {}

  // `saved` is null for a checkpoint alone.
  void run(const SavedModel* saved);

 private:
  void add_by_objects(const ObjectGraph& graph, const SavedModel* saved);
  void add_by_names();
  void add_rest(const std::vector<bool>& done);
  bool add_as_state(const Entry& entry);
  bool add_as_copy(const Entry& entry);
  // With its name, where that tells more than the way to it.
  void add(const Entry& entry, const std::string& path, RequiresGrad requires_grad, const std::string& full_name = "");
  void locate(const Entry& entry);
  void note_missing();
  void note(const char* code, std::string_view place, std::string message);

  const Bundle& bundle_;
  const ReadOptions& options_;
  Model& model_;
  ModelBuilder builder_;
  Section state_ = optimizer_state("optimizer");
  Index averages_ = kNone;  // root of the exponential moving averages
  std::map<std::tuple<std::string, std::uint32_t, std::uint64_t>, Index> by_full_name_;  // with checksum and size
  std::size_t notes_ = 0;
};

}  // namespace weigh::tensorflow
