#include "conventions/buffers.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum BufferIf;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<BufferRow>({
    {{"running_mean", "mean of batch and instance norm", "torch.nn 2.13", "pytorch/modules/resnet_state.pt"}, named},
    {{"running_var", "variance of batch and instance norm", "torch.nn 2.13", "pytorch/modules/resnet_state.pt"}, named},
    {{"moving_mean", "mean of batch norm", "keras 3.15", "tensorflow/keras_export"}, named},
    {{"moving_variance", "variance of batch norm", "keras 3.15", "tensorflow/keras_export"}, named},
    {{"inv_freq", "frequencies of rotary positions", "transformers 5.24", "seed_models/Kimi-K2-Thinking.json"}, named},
    {{"original_inv_freq", "the same before they were scaled", "transformers 5.24", "Buffers.AreKnownByTheirNames"}, named},
    {{"cos_cached", "table of rotary positions", "authors' own code", "Buffers.AreKnownByTheirNames"}, named},
    {{"sin_cached", "table of rotary positions", "authors' own code", "Buffers.AreKnownByTheirNames"}, named},
    {{"rotary_emb", "table of rotary positions", "authors' own code", "Buffers.AreKnownByTheirNames"}, named},
    {{"freqs_cis", "complex table of rotary positions", "Meta's llama and its kin", "Buffers.AreKnownByTheirNames"}, named},
    {{"rope_f", "factors of rotary positions: rope_freqs, rope_factors_long", "llama.cpp (gguf 0.19)", "Buffers.AreKnownByTheirPaths"}, path_begins},
    {{"pos_encoding", "table of positions that are computed", "PyTorch's tutorials", "Buffers.AreKnownByTheirNames"}, named},
    {{"pe", "table of positions that are computed", "PyTorch's tutorials", "Buffers.AreKnownByTheirNames"}, named},
    {{"attn_mask", "mask of attention", "authors' own code", "Buffers.AreKnownByTheirNames"}, named},
    {{"causal_mask", "mask of attention", "authors' own code", "Buffers.AreKnownByTheirNames"}, named},
    {{"masked_bias", "what GPT-2's mask puts in", "transformers before 4.32", "Buffers.AreKnownByTheirNames"}, named},
    {{"bias", "GPT-2's causal mask", "transformers 5.24", "InferRole.OfACausalMaskCalledBiasIsABuffer"}, causal_mask},
    {{"weight_mask", "what pruning leaves", "torch.nn.utils.prune 2.13", "pytorch/modules/pruned_state.pt"}, named},
    {{"bias_mask", "what pruning leaves", "torch.nn.utils.prune 2.13", "Buffers.AreKnownByTheirNames"}, named},
    {{"cluster_size", "moving sum behind a codebook", "transformers 5.24: encodec", "Buffers.AreKnownByTheirNames"}, named},
    {{"cluster_usage", "moving sum behind a codebook", "transformers 5.24: mimi", "Buffers.AreKnownByTheirNames"}, named},
    {{"embed_avg", "moving sum behind a codebook", "transformers 5.24: encodec", "Buffers.AreKnownByTheirNames"}, named},
    {{"embed_sum", "moving sum behind a codebook", "transformers 5.24: mimi", "Buffers.AreKnownByTheirNames"}, named},
    {{"inited", "whether a codebook has begun", "transformers 5.24: encodec", "Buffers.AreKnownByTheirNames"}, named},
    {{"initialized", "whether a codebook has begun", "transformers 5.24: mimi", "Buffers.AreKnownByTheirNames"}, named},
    {{"slope_rate", "decay of linear attention", "transformers 5.24: minimax", "Buffers.AreKnownByTheirNames"}, named},
    {{"query_decay", "decay of linear attention", "transformers 5.24: minimax", "Buffers.AreKnownByTheirNames"}, named},
    {{"key_decay", "decay of linear attention", "transformers 5.24: minimax", "Buffers.AreKnownByTheirNames"}, named},
    {{"diagonal_decay", "decay of linear attention", "transformers 5.24: minimax", "Buffers.AreKnownByTheirNames"}, named},
    {{"final_logits_bias", "zeros that are added to the logits", "transformers 5.24: led, rag", "Buffers.AreKnownByTheirNames"}, named},
    {{"_buffer", "what its author calls a buffer", "authors' own code", "Buffers.AreKnownByTheEndsOfTheirNames"}, ends},
    {{"weight_u", "singular vector of spectral_norm; weight_norm's weight_v is a parameter", "torch.nn.utils 2.13", "InferRole.OfASingularVectorIsABuffer"}, vector},
    {{"weight_v", "singular vector of spectral_norm; weight_norm's weight_v is a parameter", "torch.nn.utils 2.13", "InferRole.OfASingularVectorIsABuffer"}, vector},
    {{"_u", "singular vector of the parametrization", "torch.nn.utils.parametrizations 2.13", "InferRole.OfASingularVectorIsABuffer"}, vector},
    {{"_v", "singular vector of the parametrization", "torch.nn.utils.parametrizations 2.13", "InferRole.OfASingularVectorIsABuffer"}, vector},
});
// clang-format on

template <BufferIf kCondition>
constexpr auto kNames = names_of<kRows, [](const BufferRow& row) { return row.condition == kCondition; }>();

bool is_causal_mask(std::span<const Extent> shape) {
  const Extent one(1);
  return shape.size() == 4 && shape[0] == one && shape[1] == one && shape[2] == shape[3];
}

}  // namespace

bool is_buffer(std::string_view name, std::span<const Extent> shape) {
  const auto is_end = [&](std::string_view end) { return name.ends_with(end); };
  return kNames<named>.contains(name) || std::any_of(kNames<ends>.begin(), kNames<ends>.end(), is_end) ||
         (shape.size() == 1 && kNames<vector>.contains(name)) ||
         (is_causal_mask(shape) && kNames<causal_mask>.contains(name));
}

bool is_buffer_by_path(std::string_view path) {
  return std::any_of(kNames<path_begins>.begin(), kNames<path_begins>.end(),
                     [&](std::string_view begin) { return path.starts_with(begin); });
}

std::span<const BufferRow> buffer_rows() { return kRows; }

}  // namespace weigh::conventions
