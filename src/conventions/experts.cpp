#include "conventions/experts.h"

#include "conventions/names.h"

namespace weigh::conventions {
namespace {

using enum ExpertsName;

// One line a row. clang-format would break them.
// clang-format off
constexpr auto kRows = std::to_array<ExpertsRow>({
    {{"experts", "experts of a layer", "transformers 5.24", "seed_models/Kimi-K2-Thinking.json"}, list},
    {{"local_experts", "experts of a layer", "authors' own code", "ExpertsNames.AreKnown"}, list},
    {{"routed_experts", "experts of a layer", "authors' own code", "ExpertsNames.AreKnown"}, list},
    {{"moe_experts", "experts of a layer", "authors' own code", "ExpertsNames.AreKnown"}, list},
    {{"mlp_experts", "experts of a layer", "authors' own code", "ExpertsNames.AreKnown"}, list},
    {{"switch_mlp", "experts of a layer", "mlx-lm 0.32", "reports/packed.json"}, list},
    {{"ffn_gate", "experts of a layer", "llama.cpp before 2024-04", "reports/places.json"}, numbered},
    {{"ffn_up", "experts of a layer", "llama.cpp before 2024-04", "reports/places.json"}, numbered},
    {{"ffn_down", "experts of a layer", "llama.cpp before 2024-04", "reports/places.json"}, numbered},
    {{"gate", "chooses among experts", "transformers 5.24: deepseek_v3", "seed_models/Kimi-K2-Thinking.json"}, router},
    {{"router", "chooses among experts", "transformers 5.24: gpt_oss", "reports/places.json"}, router},
    {{"classifier", "chooses among experts", "transformers 5.24: longcat_flash", "reports/places.json"}, router},
    {{"_exps", "all experts of a layer in a tensor", "llama.cpp (gguf 0.19)", "ExpertsNames.AreKnown"}, packed_ends},
    {{"moe", "a router and its experts", "transformers 5.24: granitemoe", "seed_models/MiniMax-M2.json"}, mixture_ends},
    {{"weight_", "router of a further pool", "ERNIE 4.5 VL's own code", "seed_models/ERNIE-4.5-VL-28B-A3B-Thinking.json"}, router_begins},
});
// clang-format on

template <ExpertsName kWhat>
constexpr auto kNames = names_of<kRows, [](const ExpertsRow& row) { return row.what == kWhat; }>();

template <ExpertsName kWhat>
bool ends_so(std::string_view name) {
  return std::any_of(kNames<kWhat>.begin(), kNames<kWhat>.end(), [&](auto end) { return name.ends_with(end); });
}

}  // namespace

bool is_list_of_experts(std::string_view module) { return kNames<list>.contains(module); }
bool may_be_numbered_experts(std::string_view module) { return kNames<numbered>.contains(module); }
bool is_router(std::string_view module) { return kNames<router>.contains(module); }
bool holds_packed_experts(std::string_view module) { return ends_so<packed_ends>(module); }
bool is_mixture(std::string_view module) { return ends_so<mixture_ends>(module); }

bool is_router_of_another_pool(std::string_view tensor) {
  return std::any_of(kNames<router_begins>.begin(), kNames<router_begins>.end(), [&](std::string_view begin) {
    return tensor.size() == begin.size() + 1 && tensor.starts_with(begin) && tensor.back() >= '1' &&
           tensor.back() <= '9';
  });
}

std::span<const ExpertsRow> experts_rows() { return kRows; }

}  // namespace weigh::conventions
