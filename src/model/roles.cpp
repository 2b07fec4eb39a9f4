#include "model/roles.h"

#include "model/names.h"

namespace weigh {
namespace {

// Floating-point buffers by the names under which modules register them. Integer ones need no list.
constexpr Names kBufferNames(
    // Batch and instance norm, of torch.nn and of Keras.
    "running_mean", "running_var", "moving_mean", "moving_variance",
    // Rotary embeddings.
    "inv_freq", "original_inv_freq", "cos_cached", "sin_cached", "rotary_emb", "freqs_cis",
    // Tables of positions that are computed, not learnt.
    "pos_encoding", "pe",
    // Masks kept as floats; the last two are torch.nn.utils.prune's.
    "attn_mask", "causal_mask", "masked_bias", "weight_mask", "bias_mask",
    // Moving sums behind the codebooks of vector quantisers.
    "cluster_size", "cluster_usage", "embed_avg", "embed_sum", "inited", "initialized",
    // Linear attention with a fixed decay.
    "slope_rate", "query_decay", "key_decay", "diagonal_decay",
    // Zeros that BART and its kin add.
    "final_logits_bias");

// torch.nn.utils.spectral_norm and its parametrization; weight_norm has a weight_v, too, of the weight's rank.
constexpr Names kSingularVectors("weight_u", "weight_v", "_u", "_v");

constexpr Names kTextEmbeddings("embed_tokens", "wte", "word_embeddings", "tok_embeddings", "token_embd", "embed_in");

}  // namespace

Role infer_role(std::string_view name, DType dtype, std::span<const Extent> shape) {
  if (!can_be_parameter(dtype)) return Role::buffer;
  if (name == "weight") return Role::parameter;  // as nearly all are
  bool known_buffer = kBufferNames.contains(name) || name.ends_with("_buffer");
  known_buffer |= shape.size() == 1 && kSingularVectors.contains(name);
  const Extent one(1);
  known_buffer |= name == "bias" && shape.size() == 4 && shape[0] == one && shape[1] == one && shape[2] == shape[3];
  return known_buffer ? Role::buffer : Role::parameter;
}

bool is_text_embedding(std::string_view name) { return kTextEmbeddings.contains(name); }

}  // namespace weigh
