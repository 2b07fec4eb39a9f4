// Which modules and tensors of two models are the same. Passes fill it one after the other: what is paired stays so.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "weigh/evidence.h"
#include "weigh/model.h"

namespace weigh {

// What is one though its paths differ.
struct Move {
  bool is_module = false;
  Index a = 0;
  Index b = 0;
  Evidence evidence = Evidence::recorded;
  unsigned likeness = 100;  // of the paths, in per cent
};

class Pairing {
 public:
  Pairing(const Model& first, const Model& second);

  const Model& a;
  const Model& b;
  // By index the partner in the other model; kNone where there is none.
  std::vector<Index> modules_of_a, modules_of_b, tensors_of_a, tensors_of_b;
  std::vector<Move> moves;

  // Pairs two modules and what is below them by names, but for what is paired. Modules of one side alone that only
  // wrap others are looked through. How many tensors were paired.
  std::size_t pair_below(Index module_a, Index module_b);
  bool pair_tensors(Index tensor_a, Index tensor_b);
  // Whether a further pass may find tensors.
  bool has_unpaired_on_both_sides() const;

 private:
  using Both = std::pair<Index, Index>;
  std::size_t pair_own_tensors(Both modules);
  void pair_children(Both modules, std::vector<Both>& open);
  bool look_through_a(Both modules, std::vector<Both>& open);
  void look_through_b(Both modules, std::vector<Both>& open);

  // Wrappers that were looked through: once each, however a file nests them.
  std::vector<bool> seen_of_a_, seen_of_b_;
};

// By module how many tensors below it have a partner (`is_paired`), or have none.
std::vector<std::size_t> count_below(const Model& model, const std::vector<Index>& partners, bool is_paired);

}  // namespace weigh
