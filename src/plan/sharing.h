// How a model is shared among devices.
#pragma once

#include <cstdint>
#include <functional>

#include "plan/pieces.h"

#include "weigh/plan.h"

namespace weigh {

struct Sharing {
  std::uint64_t data = 1;
  std::uint64_t tensor = 1;
  std::uint64_t pipeline = 1;
  std::uint64_t expert = 1;

  std::uint64_t devices() const { return data * tensor * pipeline; }
};

// As asked for, or by how many devices there are. Throws Error(usage) where numbers contradict each other or the model.
Sharing sharing_of(const Pieces& pieces, const PlanOptions& options);

// The stage of a pipeline that a layer is in: layers in a row, as evenly as it goes; what stands before them is in the
// first, what stands behind them in the last.
std::uint64_t stage_of(std::uint32_t layer, std::uint32_t layers, std::uint64_t stages);

// Of the device that holds most, where a tensor of a piece takes bytes(piece): matrices are split, and experts dealt
// out; all else is on each device of its stage. Sharded: devices that would hold the same share that, too.
std::uint64_t on_fullest(const Pieces& pieces, const Sharing& sharing,
                         const std::function<std::uint64_t(const Piece&)>& bytes, bool is_sharded);

// Of all pieces.
std::uint64_t sum_of(const Pieces& pieces, const std::function<std::uint64_t(const Piece&)>& bytes);

}  // namespace weigh
