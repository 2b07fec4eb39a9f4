// Sections that are copies of others: exponential and stochastic averages of their weights.
#pragma once

#include <cstddef>

#include "weigh/model.h"

namespace weigh {

// Of the sections of a checkpoint, by their numbers, what their parameters are called and shaped.
class Copies {
 public:
  explicit Copies(Model& model) : model_(model) {}

  // The section's tensors are those from `first` on.
  void add(std::size_t section, Index first);
  // Marks those that are named like an average and are as another that is not.
  void mark();

 private:
  struct Entry {
    std::size_t section;
    std::uint64_t signature;
  };
  Model& model_;
  std::vector<Entry> entries_;
};

}  // namespace weigh
