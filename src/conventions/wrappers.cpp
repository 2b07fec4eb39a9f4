#include "conventions/wrappers.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<WrapperRow>({
    {{"_orig_mod", "what torch.compile was given", "torch 2.13: torch._dynamo.OptimizedModule", "Pairing.LooksThroughWrappers"}},
    {{"module", "what runs in several processes, or is averaged", "torch 2.13: DistributedDataParallel, DataParallel, AveragedModel", "Pairing.LooksThroughWrappers"}},
    {{"_fsdp_wrapped_module", "what is sharded", "torch 2.13: FullyShardedDataParallel", "Pairing.LooksThroughWrappers"}},
    {{"_checkpoint_wrapped_module", "what is run again for its gradients", "torch 2.13: CheckpointWrapper", "Pairing.LooksThroughWrappers"}},
    {{"base_layer", "the layer that an adapter stands beside", "peft 0.21: BaseTunerLayer", "Pairing.LooksThroughWrappers"}},
});
// clang-format on

constexpr auto kNames = names_of<kRows, [](const WrapperRow&) { return true; }>();

}  // namespace

bool is_wrapper(std::string_view module) { return kNames.contains(module); }

std::span<const WrapperRow> wrapper_rows() { return kRows; }

}  // namespace weigh::conventions
