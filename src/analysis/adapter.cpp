#include "analysis/adapter.h"

#include <set>
#include <string>
#include <string_view>

#include "conventions/adapter_keys.h"

namespace weigh {
namespace {

// Of tensors, and of the modules that they are in.
std::set<std::string> names_of(const Model& model) {
  std::set<std::string> names;
  for (const Tensor& tensor : model.tensors) {
    names.insert(model.path_of(tensor));
    if (tensor.module != 0) names.insert(model.path_of(tensor.module));
  }
  return names;
}

std::string name_in_base(std::string name) {
  const std::string_view prefix = conventions::adapter_prefix();
  return name.starts_with(prefix) ? name.substr(prefix.size()) : name;
}

bool is_in_a_module_of(const std::set<std::string>& base, std::string name) {
  while (!name.empty() && !base.contains(name)) {
    const std::size_t dot = name.rfind('.');
    name.resize(dot == std::string::npos ? 0 : dot);
  }
  return !name.empty();
}

}  // namespace

void compare_with_base(Summary& summary) {
  const Model& model = *summary.model;
  const Count base = summarize(*model.base).totals.parameters;
  if (!base.is_exact() || !summary.totals.parameters.is_exact()) return;
  const std::set<std::string> names = names_of(*model.base);
  AdapterSums sums{base.known()};
  bool fits = !model.config.adapter || model.config.adapter->targets.empty();
  for (const Tensor& tensor : model.tensors) {
    const std::string name = name_in_base(model.path_of(tensor));
    fits = fits || is_in_a_module_of(names, name);
    if (tensor.role != Role::parameter || tensor.tied_to != kNone) continue;
    (names.contains(name) ? sums.replaced : sums.added) += summary.numel(tensor).known();
  }
  if (fits) {
    summary.adapter = sums;
  } else {
    summary.notes.push_back({"adapter-base", model.base->source,
                             "is called like the base that adapter_config.json names, but has none of the modules that "
                             "are adapted; it is not taken for it"});
  }
}

}  // namespace weigh
