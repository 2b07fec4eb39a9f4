#include "conventions/adapter_keys.h"

#include <algorithm>
#include <array>

namespace weigh::conventions {
namespace {

using enum AdapterFact;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<AdapterKeyRow>({
    {{"peft_type", "how it adapts", "peft 0.21: all 48 types", "peft/lora"}, type},
    {{"base_model_name_or_path", "the model that it is for", "peft 0.21: all types", "peft/lora"}, base},
    {{"r", "rank", "peft 0.21: LoRA and 25 more", "peft/lora"}, rank},
    {{"init_r", "rank before budgets are shared out", "peft 0.21: AdaLoRA", "peft/adalora"}, rank},
    {{"lora_alpha", "scale of what is added, times the rank", "peft 0.21: LoRA, AdaLoRA", "peft/lora"}, alpha},
    {{"alpha", "scale of what is added, times the rank", "peft 0.21: LoHa, LoKr, DEFT, GraLoRA", "peft/loha"}, alpha},
    {{"target_modules", "modules that are adapted", "peft 0.21: all types but those of prompts", "peft/lora"}, targets},
});
// clang-format on

}  // namespace

std::optional<AdapterFact> adapter_fact(std::string_view key) {
  const auto* row = std::find_if(kRows.begin(), kRows.end(), [&](const AdapterKeyRow& r) { return r.name == key; });
  return row == kRows.end() ? std::nullopt : std::optional(row->fact);
}

std::string_view adapter_prefix() { return "base_model.model."; }

std::span<const AdapterKeyRow> adapter_key_rows() { return kRows; }

}  // namespace weigh::conventions
