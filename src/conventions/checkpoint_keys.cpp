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
    {{"ema", "exponential moving average", "authors' own code", "pytorch/checkpoints/ema.pt"}, average_word},
    {{"swa", "stochastic weight average", "torch.optim.swa_utils and its users", "CheckpointKeys.AreKnown"}, average_word},
    {{"averag", "an average: averaged, average_model", "authors' own code", "CheckpointKeys.AreKnown"}, average},
    {{"avg", "an average: avg_model", "authors' own code", "CheckpointKeys.AreKnown"}, average_word},
    {{"shadow", "an average: shadow_params", "torch_ema", "CheckpointKeys.AreKnown"}, average},
    {{"current_model_state", "the weights that are trained, beside their average", "lightning 2.6: EMAWeightAveraging", "reports/files/lightning_ema.ckpt"}, average},
    {{"moment1", "a moment of each parameter", "mindspore 2.10: Adam", "reports/places.json"}, moment},
    {{"moment2", "a moment of each parameter", "mindspore 2.10: Adam", "reports/places.json"}, moment},
    {{"moments", "a moment of each parameter", "mindspore 2.10: Momentum", "CheckpointKeys.OfMoments"}, moment},
    {{"accum", "a moment of each parameter", "mindspore 2.10: Momentum, Adagrad", "CheckpointKeys.OfMoments"}, moment},
    {{"exp_avg", "a moment of each parameter", "torch.optim, flattened", "CheckpointKeys.OfMoments"}, moment},
    {{"exp_avg_sq", "a moment of each parameter", "torch.optim, flattened", "CheckpointKeys.OfMoments"}, moment},
    {{"momentum_buffer", "a moment of each parameter", "torch.optim, flattened", "CheckpointKeys.OfMoments"}, moment},
    {{"mean_square", "a moment of each parameter", "mindspore 2.10: RMSProp", "CheckpointKeys.OfMoments"}, moment},
    {{"moment", "a moment of each parameter", "mindspore 2.10: RMSProp", "CheckpointKeys.OfMoments"}, moment},
});
// clang-format on

template <CheckpointKey kWhat>
constexpr auto kNames = names_of<kRows, [](const CheckpointKeyRow& row) { return row.what == kWhat; }>();

template <CheckpointKey kWhat>
bool holds_one(std::string_view key) {
  return std::any_of(kNames<kWhat>.begin(), kNames<kWhat>.end(),
                     [&](std::string_view word) { return key.find(word) != key.npos; });
}

bool is_letter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0; }
bool is_capital(char c) { return std::isupper(static_cast<unsigned char>(c)) != 0; }

// Letters of another word may follow or go before: "ema_model", "modelEMA", "EMAModel", but not "semantic".
bool is_word(std::string_view text, std::size_t at, std::size_t size) {
  const bool begins = at == 0 || !is_letter(text[at - 1]) || (is_capital(text[at]) && !is_capital(text[at - 1]));
  const std::size_t end = at + size;
  const bool begins_another = end + 1 < text.size() && is_letter(text[end + 1]) && !is_capital(text[end + 1]);
  const bool ends = end == text.size() || !is_letter(text[end]) ||
                    (is_capital(text[end]) && (!is_capital(text[end - 1]) || begins_another));
  return begins && ends;
}

}  // namespace

bool is_named_like_a_model(std::string_view key) { return holds_one<model>(key); }

bool is_named_like_an_average(std::string_view part) {
  std::string lower(part);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  if (holds_one<average>(lower)) return true;
  return std::any_of(kNames<average_word>.begin(), kNames<average_word>.end(), [&](std::string_view word) {
    for (std::size_t at = lower.find(word); at != lower.npos; at = lower.find(word, at + 1))
      if (is_word(part, at, word.size())) return true;
    return false;
  });
}

bool is_named_like_a_moment(std::string_view module) { return kNames<moment>.contains(module); }

std::span<const CheckpointKeyRow> checkpoint_key_rows() { return kRows; }

}  // namespace weigh::conventions
