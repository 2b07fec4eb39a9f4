#include "model/roles.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "model/names.h"

namespace weigh {
namespace {

// Floating-point buffers by the names under which modules register them. Integer ones need no list.
constexpr std::array<std::string_view, 28> kBufferNames = {
    "running_mean",
    "running_var",  // torch.nn: batch and instance norm
    "moving_mean",
    "moving_variance",  // the same in Keras
    "inv_freq",
    "original_inv_freq",
    "cos_cached",
    "sin_cached",  // rotary embeddings
    "rotary_emb",
    "freqs_cis",
    "pos_encoding",
    "pe",  // positional tables computed, not learnt
    "attn_mask",
    "causal_mask",
    "masked_bias",  // masks kept as floats
    "weight_mask",
    "bias_mask",  // torch.nn.utils.prune
    "cluster_size",
    "cluster_usage",
    "embed_avg",
    "embed_sum",
    "inited",
    "initialized",  // moving sums behind the codebooks of vector quantisers
    "slope_rate",
    "query_decay",
    "key_decay",
    "diagonal_decay",     // linear attention with a fixed decay
    "final_logits_bias",  // zeros that BART and its kin add
};

// The lengths of those names: "weight" and "bias", which nearly all names are, are told apart by theirs.
constexpr std::uint64_t lengths_of_names() {
  std::uint64_t lengths = 0;
  for (std::string_view name : kBufferNames) lengths |= std::uint64_t{1} << name.size();
  return lengths;
}

bool is_buffer_name(std::string_view name) {
  constexpr std::uint64_t kLengths = lengths_of_names();
  if (name.ends_with("_buffer")) return true;
  if (name.size() >= 64 || (kLengths >> name.size() & 1) == 0) return false;
  return std::find(kBufferNames.begin(), kBufferNames.end(), name) != kBufferNames.end();
}

}  // namespace

Role infer_role(std::string_view name, DType dtype, std::span<const Extent> shape) {
  if (!can_be_parameter(dtype)) return Role::buffer;
  if (name == "weight") return Role::parameter;  // as nearly all are
  bool known_buffer = is_buffer_name(name);
  // torch.nn.utils.spectral_norm and its parametrization; weight_norm has a weight_v, too, of the weight's rank.
  constexpr std::array<std::string_view, 4> kSingularVectors = {"weight_u", "weight_v", "_u", "_v"};
  known_buffer |=
      shape.size() == 1 && std::find(kSingularVectors.begin(), kSingularVectors.end(), name) != kSingularVectors.end();
  const Extent one(1);
  known_buffer |= name == "bias" && shape.size() == 4 && shape[0] == one && shape[1] == one && shape[2] == shape[3];
  return known_buffer ? Role::buffer : Role::parameter;
}

bool is_text_embedding(std::string_view name) {
  constexpr std::array<std::string_view, 6> kNames = {"embed_tokens",   "wte",        "word_embeddings",
                                                      "tok_embeddings", "token_embd", "embed_in"};
  return is_one_of(kNames, name);
}

}  // namespace weigh
