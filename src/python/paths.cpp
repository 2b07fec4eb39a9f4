#include "python/paths.h"

#include <optional>
#include <string_view>
#include <utility>
#include <vector>

namespace weigh::python {
namespace {

// What is left of a path below a module that is called `name`; nothing where the path does not lead there.
std::optional<std::string_view> below(std::string_view path, std::string_view name) {
  if (!path.starts_with(name) || path.size() <= name.size() || path[name.size()] != '.') return std::nullopt;
  return path.substr(name.size() + 1);
}

// A name may hold dots itself, so several modules may be on the way: what `look(module, rest)` says decides.
Index search(const Model& model, std::string_view path, const auto& look) {
  std::vector<std::pair<Index, std::string_view>> open = {{0, path}};
  while (!open.empty()) {
    const auto [module, rest] = open.back();
    open.pop_back();
    if (const Index found = look(module, rest); found != kNone) return found;
    for (Index child = model.modules[module].first_child; child != kNone; child = model.modules[child].next)
      if (const auto further = below(rest, model.modules[child].name)) open.emplace_back(child, *further);
  }
  return kNone;
}

}  // namespace

Index module_at(const Model& model, std::string_view path) {
  if (path.empty()) return 0;
  return search(model, path, [&](Index module, std::string_view rest) {
    Index child = model.modules[module].first_child;
    while (child != kNone && model.modules[child].name != rest) child = model.modules[child].next;
    return child;
  });
}

Index tensor_at(const Model& model, std::string_view path) {
  return search(model, path, [&](Index module, std::string_view rest) {
    Index tensor = model.modules[module].first_tensor;
    while (tensor != kNone && model.tensors[tensor].name != rest) tensor = model.tensors[tensor].next;
    return tensor;
  });
}

}  // namespace weigh::python
