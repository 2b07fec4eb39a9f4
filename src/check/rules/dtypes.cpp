// dtypes: of parameters; of packed weights how they are packed ("int4"). Buffers, scales and the like may be of any. A
// tensor whose dtype is not known, or that nobody can unpack, is undecided.
#include <map>
#include <optional>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/nearest.h"
#include "check/rule.h"

namespace weigh::checks {
namespace {

// The names that one is called by; the first is the one that is shown.
std::vector<std::string> names_of(DType dtype) { return {std::string(name(dtype)), std::string(short_name(dtype))}; }

std::vector<std::string> all_names() {
  std::vector<std::string> names;
  for (unsigned i = 1; i < static_cast<unsigned>(DType::count_); ++i)
    for (std::string& one : names_of(static_cast<DType>(i))) names.push_back(std::move(one));
  for (unsigned i = 1; i < static_cast<unsigned>(Scheme::count_); ++i) names.emplace_back(name(static_cast<Scheme>(i)));
  return names;
}

// What the weights in a tensor are called; empty for what is no parameter, nothing where it is not known.
std::optional<std::vector<std::string>> words_for(const Summary& summary, Index index) {
  const Tensor& tensor = summary.model->tensors[index];
  switch (summary.quantized.part(index)) {
    case Part::overhead: return std::vector<std::string>();
    case Part::unexplained: return std::nullopt;
    case Part::packed:
      if (summary.quantized.schemes[index] != Scheme::none)
        return std::vector{std::string(name(summary.quantized.schemes[index]))};
      break;
    case Part::plain:
      if (tensor.role == Role::buffer) return std::vector<std::string>();
  }
  if (tensor.dtype == DType::unknown) return std::nullopt;
  return names_of(tensor.dtype);
}

bool is_allowed(const std::vector<std::string>& words, const Gate& gate) {
  return std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return std::find(gate.words.begin(), gate.words.end(), word) != gate.words.end();
  });
}

}  // namespace

Finding dtypes(const Subject& subject, const Gate& gate) {
  const Model& model = subject.model;
  Finding bad = failed("");
  Finding open = undecided("");
  std::map<std::string, std::uint64_t> others;
  for (Index i = 0; i < model.tensors.size(); ++i) {
    const std::optional<std::vector<std::string>> words = words_for(subject.summary, i);
    if (!words) add_place(open, model.path_of(model.tensors[i]));
    if (!words || words->empty() || is_allowed(*words, gate)) continue;
    ++others[words->front()];
    add_place(bad, model.path_of(model.tensors[i]));
  }
  const std::string allowed = fmt::format("allowed are {}", fmt::join(gate.words, ", "));
  if (bad.all_places > 0) {
    std::vector<std::string> texts;
    for (const auto& [word, count] : others)
      texts.push_back(fmt::format("{} in {} tensor{}", word, count, count == 1 ? "" : "s"));
    bad.message = fmt::format("{}; {}", fmt::join(texts, ", "), allowed);
    return bad;
  }
  if (open.all_places > 0) {
    open.message = fmt::format("the dtype of {} tensor{} is not known; {}", open.all_places,
                               open.all_places == 1 ? "" : "s", allowed);
    return open;
  }
  return passed(allowed);
}

std::string refuse_dtype(const std::string& word) {
  std::vector<std::string> names = all_names();
  if (std::find(names.begin(), names.end(), word) != names.end()) return "";
  nearest_first(names, word);
  names.resize(kMostNames);
  return fmt::format("knows no dtype '{}'; nearest are {}", word, fmt::join(names, ", "));
}

}  // namespace weigh::checks
