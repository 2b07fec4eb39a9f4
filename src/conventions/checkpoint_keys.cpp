#include "conventions/checkpoint_keys.h"

#include <cctype>
#include <string>

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum CheckpointKey;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<CheckpointKeyRow>({
    {{"state_dict", "tensors of a module", "lightning 2.6", "pytorch/checkpoints/lightning_32-true.ckpt"}, model},
    {{"model", "tensors of a module", "authors' own code", "CheckpointKeys.AreKnown"}, model},
    {{"param", "tensors of a module: params, params_ema", "basicsr", "CheckpointKeys.AreKnown"}, model},
    {{"weight", "tensors of a module", "authors' own code", "CheckpointKeys.AreKnown"}, model},
    {{"ema", "tensors of a module's average", "authors' own code", "pytorch/checkpoints/ema.pt"}, model},
    {{"ema", "exponential moving average", "authors' own code", "pytorch/checkpoints/ema.pt"}, average},
    {{"swa", "stochastic weight average", "torch.optim.swa_utils and its users", "CheckpointKeys.AreKnown"}, average},
    {{"averag", "an average: averaged, average_model", "authors' own code", "CheckpointKeys.AreKnown"}, average},
    {{"avg", "an average: avg_model", "authors' own code", "CheckpointKeys.AreKnown"}, average},
    {{"shadow", "an average: shadow_params", "torch_ema", "CheckpointKeys.AreKnown"}, average},
    {{"module.", "wrapper of data parallelism, or of an average", "torch.nn.parallel, torch.optim.swa_utils 2.13", "pytorch/modules/data_parallel_state.pt"}, wrapper},
});
// clang-format on

template <CheckpointKey kWhat>
constexpr auto kNames = names_of<kRows, [](const CheckpointKeyRow& row) { return row.what == kWhat; }>();

template <CheckpointKey kWhat>
bool holds_one(std::string_view key) {
  return std::any_of(kNames<kWhat>.begin(), kNames<kWhat>.end(),
                     [&](std::string_view word) { return key.find(word) != key.npos; });
}

}  // namespace

bool is_named_like_a_model(std::string_view key) { return holds_one<model>(key); }

bool is_named_like_an_average(std::string_view part) {
  std::string lower(part);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  return holds_one<average>(lower);
}

std::string_view without_wrapper(std::string_view tensor) {
  for (const std::string_view prefix : kNames<wrapper>)
    if (tensor.starts_with(prefix)) return tensor.substr(prefix.size());
  return tensor;
}

std::span<const CheckpointKeyRow> checkpoint_key_rows() { return kRows; }

}  // namespace weigh::conventions
