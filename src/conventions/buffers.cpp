#include "conventions/buffers.h"

#include <cctype>

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
    {{"betas", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"alphas_cumprod_prev", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"sqrt_alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"sqrt_one_minus_alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"log_one_minus_alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"sqrt_recip_alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"sqrt_recipm1_alphas_cumprod", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"posterior_variance", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"posterior_log_variance_clipped", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"posterior_mean_coef1", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"posterior_mean_coef2", "schedule of a diffusion model", "latent-diffusion; lucidrains' denoising-diffusion", "reports/ties.json"}, schedule},
    {{"sigmas", "schedule of a diffusion model", "k-diffusion", "Buffers.OfSchedulesAreVectors"}, schedule},
    {{"log_sigmas", "schedule of a diffusion model", "k-diffusion", "Buffers.OfSchedulesAreVectors"}, schedule},
    {{"p2_loss_weight", "schedule of a diffusion model", "denoising-diffusion-pytorch", "Buffers.OfSchedulesAreVectors"}, schedule},
    {{"loss_weight", "schedule of a diffusion model", "denoising-diffusion-pytorch", "Buffers.OfSchedulesAreVectors"}, schedule},
    {{"lvlb_weights", "schedule of a diffusion model", "latent-diffusion", "Buffers.OfSchedulesAreVectors"}, schedule},
    {{"vera_A", "projection that adapters share", "peft 0.21: VeRA", "reports/buffers.json"}, named},
    {{"vera_B", "projection that adapters share", "peft 0.21: VeRA", "reports/buffers.json"}, named},
    {{"randlora_A", "projection that adapters share", "peft 0.21: RandLora", "Buffers.AreKnownByTheirNames"}, named},
    {{"randlora_B", "projection that adapters share", "peft 0.21: RandLora", "Buffers.AreKnownByTheirNames"}, named},
    {{"pos_weight", "weight of positive samples", "torch.nn 2.13: BCEWithLogitsLoss", "reports/files/loss_pos_weight.ckpt"}, schedule},
    {{"embed", "codebook that a moving average makes", "transformers 5.24: encodec; vector-quantize-pytorch", "reports/buffers.json"}, beside, "embed_avg"},
    {{"embed", "codebook that a moving average makes", "transformers 5.24: encodec; vector-quantize-pytorch", "reports/buffers.json"}, beside, "cluster_size"},
    {{"embeddings", "codebook that a moving average makes", "VideoGPT's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "z_avg"},
    {{"z_avg", "codebook that a moving average makes", "VideoGPT's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "N"},
    {{"N", "codebook that a moving average makes", "VideoGPT's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "z_avg"},
    {{"k", "codebook that a moving average makes", "Jukebox's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "k_sum"},
    {{"k_sum", "codebook that a moving average makes", "Jukebox's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "k_elem"},
    {{"k_elem", "codebook that a moving average makes", "Jukebox's own code", "Buffers.AreKnownByWhatStandsBeside"}, beside, "k_sum"},
    {{"beta1_power", "of an optimizer", "mindspore 2.10", "reports/places.json"}, scalar, "moment1"},
    {{"beta2_power", "of an optimizer", "mindspore 2.10", "reports/places.json"}, scalar, "moment1"},
    {{"learning_rate", "of an optimizer", "mindspore 2.10", "reports/places.json"}, scalar, "moment1"},
    {{"learning_rate", "of an optimizer", "mindspore 2.10", "reports/places.json"}, scalar, "moments"},
    {{"decay", "of an average", "latent-diffusion: LitEma", "reports/ties.json"}, scalar, "num_updates"},
    {{"alpha", "constant of an adapter", "kohya-ss/sd-scripts", "reports/buffers.json"}, scalar, "lora_down"},
    {{"alpha", "constant of an adapter", "kohya-ss/sd-scripts", "reports/buffers.json"}, scalar, "lora_up"},
    {{"alpha", "constant of an adapter", "kohya-ss/sd-scripts; diffusers", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "lora_A"},
    {{"alpha", "constant of an adapter", "LyCORIS: LoHa", "reports/buffers.json"}, scalar, "hada_w1_a"},
    {{"alpha", "constant of an adapter", "LyCORIS: LoKr", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "lokr_w1"},
    {{"alpha", "constant of an adapter", "LyCORIS: LoKr", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "lokr_w1_a"},
    {{"alpha", "constant of an adapter", "LyCORIS: OFT", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "oft_blocks"},
    {{"alpha", "constant of an adapter", "LyCORIS: OFT", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "oft_diag"},
    {{"alpha", "constant of an adapter", "LyCORIS: IA3", "Buffers.AreKnownByWhatStandsBeside"}, scalar, "on_input"},
    {{"weight", "weights of classes", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "reports/files/loss_weight.ckpt"}, in_loss},
    {{"alpha", "weights of classes: focal losses", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "Buffers.OfLossesAreVectors"}, in_loss},
    {{"class_weights", "weights of classes", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "Buffers.OfLossesAreVectors"}, in_loss},
    {{"class_weight", "weights of classes", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "Buffers.OfLossesAreVectors"}, in_loss},
    {{"weights", "weights of classes", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "Buffers.OfLossesAreVectors"}, in_loss},
    {{"empty_weight", "weights of classes, DETR's criterion", "torch.nn 2.13: CrossEntropyLoss, NLLLoss; authors' own code", "Buffers.OfLossesAreVectors"}, in_loss},
    {{"e_score_correction_bias", "what balances experts", "transformers 5.24: minimax_m2 saves it in block_sparse_moe", "reports/buffers.json"}, of_class},
    {{"criterion", "a loss", "authors' own code", "reports/files/loss_weight.ckpt"}, loss_holds},
    {{"loss", "a loss", "authors' own code", "Buffers.OfLossesAreVectors"}, loss_holds},
    {{"Loss", "a loss", "authors' own code", "Buffers.OfLossesAreVectors"}, loss_holds},
});
// clang-format on

template <BufferIf kCondition>
constexpr auto kNames = names_of<kRows, [](const BufferRow& row) { return row.condition == kCondition; }>();

constexpr auto kContext =
    names_of<kRows, [](const BufferRow& row) { return row.condition == beside || row.condition == scalar; }>();

bool is_causal_mask(std::span<const Extent> shape) {
  const Extent one(1);
  return shape.size() == 4 && shape[0] == one && shape[1] == one && shape[2] == shape[3];
}

}  // namespace

bool is_buffer(std::string_view name, std::span<const Extent> shape) {
  const auto is_end = [&](std::string_view end) { return name.ends_with(end); };
  return kNames<named>.contains(name) || std::any_of(kNames<ends>.begin(), kNames<ends>.end(), is_end) ||
         (shape.size() == 1 && (kNames<vector>.contains(name) || kNames<schedule>.contains(name))) ||
         (is_causal_mask(shape) && kNames<causal_mask>.contains(name));
}

bool is_buffer_by_path(std::string_view path) {
  return std::any_of(kNames<path_begins>.begin(), kNames<path_begins>.end(),
                     [&](std::string_view begin) { return path.starts_with(begin); });
}

bool may_be_buffer(std::string_view name) { return kContext.contains(name); }

bool is_buffer_beside(std::string_view name, std::string_view sibling, std::span<const Extent> shape) {
  const bool is_number = shape.empty() || (shape.size() == 1 && shape[0] == Extent(1));
  return std::any_of(kRows.begin(), kRows.end(), [&](const BufferRow& row) {
    return row.name == name && row.sibling == sibling &&
           (row.condition == beside || (row.condition == scalar && is_number));
  });
}

bool is_buffer_of_loss(std::string_view name, std::span<const Extent> shape) {
  return shape.size() == 1 && kNames<in_loss>.contains(name);
}

bool is_renamed_with_its_module(std::string_view name) { return kNames<of_class>.contains(name); }

// As a word: "bce_loss", "BCELoss", but not "gloss".
bool is_loss(std::string_view module) {
  const auto is_letter = [](char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; };
  return std::any_of(kNames<loss_holds>.begin(), kNames<loss_holds>.end(), [&](std::string_view word) {
    const std::size_t at = module.find(word);
    return at != module.npos && (at == 0 || !is_letter(module[at - 1]) || word.front() == 'L');
  });
}

std::span<const BufferRow> buffer_rows() { return kRows; }

}  // namespace weigh::conventions
