// The table of rules. A new one is a function, a row here, a fixture that fails and a near miss that passes in
// tests/check, and a row in docs/check.md.
#include <array>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/nearest.h"
#include "check/rule.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostPlaces = 20;

constexpr std::array kRules = {
    RuleRow{{"initialized", Argument::none, "every parameter and buffer is initialised", "",
             "every parameter and buffer is initialised and has memory", "a tensor's file is missing"},
            checks::initialized},
    RuleRow{{"max-parameters", Argument::count, "at most so many parameters", "8B",
             "there are at most so many, ties once, packed weights as weights", "the lower bound is below the limit"},
            checks::max_parameters},
    RuleRow{{"max-active", Argument::count, "a token uses at most so many parameters", "3B",
             "a token uses at most so many; of a model without experts all",
             "nobody says how many experts a token uses, and all are more"},
            checks::max_active},
    RuleRow{{"max-bytes", Argument::bytes, "parameters and buffers take at most so many bytes", "16GB",
             "parameters and buffers take at most so many bytes", "the lower bound is below the limit"},
            checks::max_bytes},
    RuleRow{{"dtypes", Argument::words, "parameters are of these dtypes or packings alone", "bf16,f32,int4",
             "parameters are of these dtypes (PyTorch's names or the short ones) or packings; buffers and scales may "
             "be of any",
             "a dtype is not known, or what a tensor packs"},
            checks::dtypes,
            checks::refuse_dtype},
    RuleRow{{"no-pickle", Argument::none, "nothing in it is a Python pickle, which runs code when it is loaded", "",
             "nothing in it is a Python pickle, which runs code when it is loaded",
             "a pipeline's parts, and archives of torch.export, may be some"},
            checks::no_pickle},
    RuleRow{{"no-missing", Argument::none, "no shard, rank or other part of it is missing", "",
             "no shard, rank, component or tensor is missing", ""},
            checks::no_missing},
    RuleRow{{"index-agrees", Argument::none, "an index of shards says what the shards hold", "",
             "an index of shards says what the shards hold", ""},
            checks::index_agrees},
    RuleRow{{"known-packing", Argument::none, "it is known how many weights all packed tensors hold", "",
             "it is known how many weights all packed tensors hold", ""},
            checks::known_packing},
    RuleRow{{"architecture", Argument::words, "its class is one of these (* and ?)", "Llama*,Mistral*",
             "its class is one of these", "its class is not told"},
            checks::architecture},
    RuleRow{{"has-modules", Argument::words, "there is a module for each of these paths (* and ?)",
             "lm_head,model.layers.*", "there is a module for each of these paths", ""},
            checks::has_modules},
    RuleRow{{"like", Argument::text, "modules, tensors and configuration are those of another model",
             "base.safetensors", "`weigh diff` has no difference from it", ""},
            checks::like},
};

constexpr auto kPublic = [] {
  std::array<Rule, kRules.size()> all;
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = kRules[i];
  return all;
}();

Finding finding(Outcome verdict, std::string message) {
  Finding made;
  made.verdict = verdict;
  made.message = std::move(message);
  return made;
}

}  // namespace

std::span<const Rule> rules() { return kPublic; }
std::span<const RuleRow> rule_rows() { return kRules; }
const Rule& rule_of(std::string_view id) { return rule_called(id); }

const RuleRow& rule_called(std::string_view id) {
  std::vector<std::string> names;
  for (const RuleRow& row : kRules) {
    if (row.id == id) return row;
    names.emplace_back(row.id);
  }
  nearest_first(names, id);
  names.resize(kMostNames);
  throw Error(ErrorKind::usage, "", fmt::format("there is no rule '{}'; nearest are {}", id, fmt::join(names, ", ")));
}

Finding passed(std::string message) { return finding(Outcome::passed, std::move(message)); }
Finding failed(std::string message) { return finding(Outcome::failed, std::move(message)); }
Finding undecided(std::string message) { return finding(Outcome::undecided, std::move(message)); }

void add_place(Finding& finding, std::string place) {
  if (finding.all_places++ < kMostPlaces) finding.places.push_back(std::move(place));
}

std::string_view name(Outcome verdict) {
  constexpr std::array<std::string_view, 3> kNames = {"passed", "failed", "undecided"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace weigh
