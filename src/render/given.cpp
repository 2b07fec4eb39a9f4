#include "render/given.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "render/text.h"

#include "weigh/sizes.h"

namespace weigh {
namespace {

constexpr std::size_t kMostListed = 6;

bool has_nameless(const Count& count) {
  return std::any_of(count.terms().begin(), count.terms().end(), [](const Count::Term& term) {
    return std::find(term.factors.begin(), term.factors.end(), kNameless) != term.factors.end();
  });
}

// Sizes by name, then what no size would tell.
std::vector<std::string> still_unknown(const Model& model, bool unicode) {
  std::vector<std::string> unknown;
  for (const std::string& name : unknown_sizes(model)) unknown.push_back(printable(name, unicode));
  for (const Tensor& tensor : model.tensors) {
    if (tensor.tied_to != kNone) continue;
    const Count numel = model.numel(tensor);
    const bool is_shapeless = has_nameless(numel);
    if (!is_shapeless && (tensor.dtype != DType::unknown || model.bytes(tensor, numel).is_exact())) continue;
    const std::string path = printable(model.path_of(tensor), unicode);
    unknown.push_back(fmt::format("the {} of {}", is_shapeless ? "shape" : "dtype", path));
  }
  if (!model.runs.empty() && has_nameless(model.runs[0].flops)) unknown.emplace_back("FLOPs of some operators");
  return unknown;
}

}  // namespace

std::string given_sizes(const std::vector<GivenSize>& sizes, bool unicode) {
  std::string text;
  for (const GivenSize& one : sizes)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", printable(one.name, unicode), one.size);
  return text;
}

std::vector<std::string> given_texts(const Model& model, bool unicode) {
  if (model.given.empty()) return {};
  std::vector<std::string> texts = {fmt::format("with {} (given)", given_sizes(model.given, unicode))};
  std::vector<std::string> unknown = still_unknown(model, unicode);
  if (unknown.empty()) return texts;
  const std::size_t listed = std::min(unknown.size(), kMostListed);
  const std::string more = unknown.size() > listed ? fmt::format(" and {} more", unknown.size() - listed) : "";
  unknown.resize(listed);
  texts.push_back(fmt::format("still unknown: {}{}", fmt::join(unknown, ", "), more));
  return texts;
}

}  // namespace weigh
