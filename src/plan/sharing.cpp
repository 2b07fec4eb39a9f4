#include "plan/sharing.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "plan/bounded.h"

#include "weigh/error.h"

namespace weigh {
namespace {

[[noreturn]] void fail(const std::string& message) { throw Error(ErrorKind::usage, "", message); }

void check(const char* what, std::uint64_t ways) {
  if (ways == 0 || ways > kMostDevices)
    fail(fmt::format("{} is {}: a number of devices from 1 to {}", what, ways, kMostDevices));
}

// How many devices are left to share data, or tensors, where the others are shared as asked.
std::uint64_t rest(std::uint64_t devices, std::uint64_t used, const char* what) {
  if (devices % used == 0) return devices / used;
  return fail(fmt::format("{} devices cannot be shared {} by {}: {} is no multiple of {}", devices, what, used, devices,
                          used)),
         0;
}

// In so many parts each matrix of a piece is split.
std::uint64_t ways(const Piece& piece, std::uint64_t devices) {
  if (piece.shape.rank < 2) return 1;
  return piece.most_ways == 0 ? devices : std::min(devices, piece.most_ways);
}

// Of experts that take `bytes` together, those that the device with most of them has: experts are whole.
std::uint64_t dealt(std::uint64_t experts, std::uint64_t devices, std::uint64_t bytes) {
  const std::uint64_t held = divided(experts, devices);
  return plus(times(bytes / experts, held), divided(times(bytes % experts, held), experts));
}

}  // namespace

Sharing sharing_of(const Pieces& pieces, const PlanOptions& options) {
  const std::uint64_t devices = options.machine ? options.machine->count : 0;  // 0: as many as it takes
  Sharing sharing;
  sharing.pipeline = options.pipeline_parallel;
  sharing.expert = options.expert_parallel;
  check("pipeline-parallel", sharing.pipeline);
  check("expert-parallel", sharing.expert);
  check("data-parallel", options.data_parallel.value_or(1));
  check("tensor-parallel", options.tensor_parallel.value_or(1));
  if (options.train || options.tensor_parallel) {
    sharing.tensor = options.tensor_parallel.value_or(1);
    const std::uint64_t used = sharing.tensor * sharing.pipeline;
    sharing.data = options.data_parallel.value_or(devices == 0 ? 1 : rest(devices, used, "in tensors and layers"));
  } else {
    sharing.data = options.data_parallel.value_or(1);
    const std::uint64_t used = sharing.data * sharing.pipeline;
    sharing.tensor = devices == 0 ? 1 : rest(devices, used, "in data and layers");
  }
  if (devices != 0 && sharing.devices() != devices) {
    fail(fmt::format("data-parallel {} x tensor-parallel {} x pipeline-parallel {} is {} devices, and there are {}",
                     sharing.data, sharing.tensor, sharing.pipeline, sharing.devices(), devices));
  }
  if (sharing.pipeline > 1 && sharing.pipeline > pieces.layers) {
    fail(fmt::format("pipeline-parallel {} needs as many layers, and the model has {}", sharing.pipeline,
                     pieces.layers));
  }
  if (sharing.expert > sharing.data * sharing.tensor) {
    fail(
        fmt::format("expert-parallel {} needs as many devices for a layer, and there are {} (data-parallel {} x "
                    "tensor-parallel {})",
                    sharing.expert, sharing.data * sharing.tensor, sharing.data, sharing.tensor));
  }
  if (sharing.expert > 1 && sharing.expert > pieces.experts) {
    fail(fmt::format(
        "expert-parallel {} needs as many experts, and {}", sharing.expert,
        pieces.experts == 0 ? "the model has none" : fmt::format("a layer of the model has {}", pieces.experts)));
  }
  return sharing;
}

std::uint64_t stage_of(std::uint32_t layer, std::uint32_t layers, std::uint64_t stages) {
  if (layer == 0) return 0;
  if (layer > layers) return stages - 1;
  return std::uint64_t{layer - 1} * stages / layers;
}

std::uint64_t on_fullest(const Pieces& pieces, const Sharing& sharing,
                         const std::function<std::uint64_t(const Piece&)>& bytes, bool is_sharded) {
  struct Stage {
    std::uint64_t dealt = 0;  // of experts
    std::uint64_t rest = 0;
  };
  std::vector<Stage> stages(sharing.pipeline);
  for (const Piece& piece : pieces.pieces) {
    Stage& stage = stages[stage_of(piece.layer, pieces.layers, sharing.pipeline)];
    if (piece.experts != 0 && sharing.expert > 1) {
      stage.dealt = plus(stage.dealt, dealt(piece.experts, sharing.expert, times(bytes(piece), piece.count)));
    } else {
      stage.rest = plus(stage.rest, times(divided(bytes(piece), ways(piece, sharing.tensor)), piece.count));
    }
  }
  // Of the devices of a layer so many hold the same experts.
  const std::uint64_t alike = std::max<std::uint64_t>(1, sharing.data * sharing.tensor / sharing.expert);
  std::uint64_t most = 0;
  for (const Stage& stage : stages) {
    most = std::max(most, is_sharded ? plus(divided(stage.rest, sharing.data), divided(stage.dealt, alike))
                                     : plus(stage.rest, stage.dealt));
  }
  return most;
}

std::uint64_t sum_of(const Pieces& pieces, const std::function<std::uint64_t(const Piece&)>& bytes) {
  std::uint64_t sum = 0;
  for (const Piece& piece : pieces.pieces) sum = plus(sum, times(bytes(piece), piece.count));
  return sum;
}

}  // namespace weigh
