// A model as a plan sees it: tensors with what decides how many bytes they take, and how they are shared among devices.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "plan/optimizers.h"

#include "weigh/summary.h"

namespace weigh {

// Tensors that are alike.
struct Piece {
  std::uint64_t count = 1;
  std::string_view module;   // the last part of its path
  Trained shape;             // of the weights that one holds, packed or not
  std::uint64_t bytes = 0;   // of one, as stored
  std::uint32_t layer = 0;   // 0: before the first; then the layers; behind the last
  bool is_in_layer = false;  // of one of the numbered layers
  bool is_parameter = false;
  bool is_packed = false;
  bool is_overhead = false;  // of packed weights: their scales
  bool is_trainable = true;
  std::uint64_t experts = 0;    // among which it is one, or of which it holds all; 0: of no mixture
  std::uint64_t most_ways = 0;  // in which its matrices are split at most; 0: any number
  bool is_floating = true;      // numbers that a precision converts, rather than integers

  friend bool operator==(const Piece&, const Piece&) = default;
};

struct Pieces {
  std::vector<Piece> pieces;  // ties once; copies and optimizer states of the file left out
  std::uint32_t layers = 0;   // numbered modules, side by side, that hold most
  Index list = kNone;         // the module that holds these
  std::uint64_t experts = 0;  // of the layer that has most
  std::uint64_t hidden = 0;   // width of the text embedding; 0: none
  std::uint64_t unknown = 0;  // tensors whose size is not known
};

Pieces pieces_of(const Summary& summary);

}  // namespace weigh
