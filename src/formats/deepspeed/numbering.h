// Files of a checkpoint of which the others tell that they must exist: layers of a pipeline and experts, by their
// numbers.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace weigh::deepspeed {

// Names of the first of them, and how many there are: numbers of files are whatever somebody wrote.
struct Missing {
  std::vector<std::string> names;
  std::uint64_t count = 0;
};

// A file for each layer that has a state dict and each rank of those that share its tensors. Layers are numbered with
// those that are mere functions, which have no file: a gap alone says nothing.
class LayerFiles {
 public:
  // `size` is the file's; "layer_03-model_01-model_states.pt", or "layer_03-model_states.pt" where tensors are not
  // divided.
  void add(std::uint64_t layer, std::uint64_t model_rank, std::uint64_t size, bool names_rank);
  // A layer that has parameters, as other files say.
  void must_exist(std::uint64_t layer, std::uint64_t model_rank) { wanted_.emplace(layer, model_rank); }
  bool contains(std::uint64_t layer) const { return files_.contains(layer); }
  bool empty() const { return files_.empty(); }
  // Those that are surely missing: that other ranks have, or that have parameters.
  Missing missing(std::size_t most) const;
  // In a gap between two files of one size, where others of this size follow each other without one: "layer_07".
  Missing doubtful(std::size_t most) const;

 private:
  std::string name_of(std::uint64_t layer, std::uint64_t model_rank) const;

  std::map<std::uint64_t, std::map<std::uint64_t, std::uint64_t>> files_;  // layer, model rank, size
  std::set<std::pair<std::uint64_t, std::uint64_t>> wanted_;
  std::set<std::uint64_t> model_ranks_;
  bool names_rank_ = false;
};

// A file for each expert of each layer that has some: numbered without gaps.
class ExpertFiles {
 public:
  void add(std::uint64_t layer, std::uint64_t expert, std::uint64_t model_rank);
  // As the model states tell: how many each layer has, by its number. Bounded by the caller.
  void set_counts(std::vector<std::uint64_t> counts) { counts_ = std::move(counts); }
  Missing missing(std::size_t most) const;

 private:
  std::map<std::uint64_t, std::map<std::uint64_t, std::set<std::uint64_t>>> files_;  // layer, model rank, experts
  std::set<std::uint64_t> model_ranks_;
  std::vector<std::uint64_t> counts_;
};

}  // namespace weigh::deepspeed
