#include "model/builder.h"

#include <algorithm>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh {
namespace {

// Whether `prefix` is `path` or one of its ancestors.
bool leads_to(std::string_view prefix, std::string_view path) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '.');
}

std::size_t hash_of(Index parent, std::string_view name) {
  return weigh::hash_of(name) + parent * std::size_t{0x9E3779B97F4A7C15};
}

bool is_number(std::string_view name) {
  return !name.empty() && name.find_first_not_of("0123456789") == std::string_view::npos;
}

// Numbers by value and before names, names by their bytes.
bool natural_less(std::string_view a, std::string_view b) {
  bool a_is_number = is_number(a);
  if (a_is_number != is_number(b)) return a_is_number;
  if (a_is_number && a.size() != b.size()) return a.size() < b.size();
  return a < b;
}

}  // namespace

Index ModelBuilder::module(std::string_view path, Index root) {
  if (trail_.empty() || trail_.front() != root) trail_.assign(1, root);
  while (trail_.size() > 1 && !leads_to(model_.modules[trail_.back()].path, path)) trail_.pop_back();
  for (;;) {
    const Module& parent = model_.modules[trail_.back()];
    if (parent.path.size() >= path.size()) return trail_.back();
    bool below_the_root = trail_.size() == 1 && parent.path.empty();
    std::size_t begin = below_the_root ? 0 : parent.path.size() + 1;
    std::size_t end = std::min(path.find('.', begin), path.size());
    Index child = find_child(trail_.back(), path.substr(begin, end - begin));
    if (child == kNone) child = add_child(trail_.back(), path.substr(0, end));
    trail_.push_back(child);
    if (trail_.size() > limits_.module_depth) {
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("the name '{}…' nests modules deeper than {}", path.substr(0, 60), limits_.module_depth));
    }
  }
}

Index ModelBuilder::add_child(Index parent, std::string_view path) {
  auto child = static_cast<Index>(model_.modules.size());
  Module module;
  module.path = path;
  model_.modules.push_back(module);
  link_child(parent, child);
  by_name_.insert(child,
                  [&](Index index) { return hash_of(model_.modules[index].parent, model_.modules[index].name()); });
  return child;
}

void ModelBuilder::link_child(Index parent, Index child) {
  Module& above = model_.modules[parent];
  model_.modules[child].parent = parent;
  model_.modules[child].next = kNone;
  if (above.last_child == kNone) {
    above.first_child = child;
  } else {
    model_.modules[above.last_child].next = child;
  }
  above.last_child = child;
}

Index ModelBuilder::find_child(Index parent, std::string_view name) const {
  return by_name_.find(hash_of(parent, name), [&](Index index) {
    const Module& candidate = model_.modules[index];
    return candidate.parent == parent && candidate.name() == name;
  });
}

Index ModelBuilder::add_by_path(Tensor tensor, std::span<const Extent> shape, Index root) {
  std::size_t dot = tensor.path.rfind('.');
  tensor.module = dot == std::string_view::npos ? root : module(tensor.path.substr(0, dot), root);
  return add_to_module(tensor, shape);
}

Index ModelBuilder::add_to_module(Tensor tensor, std::span<const Extent> shape) {
  if (model_.tensors.size() >= limits_.tensors) {
    throw Error(ErrorKind::limit, model_.source, fmt::format("holds more than {} tensors", limits_.tensors));
  }
  auto index = static_cast<Index>(model_.tensors.size());
  if (tensor.tied_to != kNone) be_as_original(tensor);
  tensor.first_extent = static_cast<Index>(model_.extents.size());
  if (tensor.rank_known()) tensor.rank = static_cast<std::uint8_t>(shape.size());
  model_.extents.insert(model_.extents.end(), shape.begin(), shape.end());
  Module& owner = model_.modules[tensor.module];
  if (owner.last_tensor == kNone) {
    owner.first_tensor = index;
  } else {
    model_.tensors[owner.last_tensor].next = index;
  }
  owner.last_tensor = index;
  model_.tensors.push_back(tensor);
  return index;
}

void ModelBuilder::be_as_original(Tensor& tensor) const {
  if (Index before = model_.tensors[tensor.tied_to].tied_to; before != kNone) tensor.tied_to = before;
  const Tensor& original = model_.tensors[tensor.tied_to];
  tensor.role = original.role;
  tensor.role_recorded = original.role_recorded;
  tensor.state = original.state;
  tensor.requires_grad = original.requires_grad;
  tensor.dtype = original.dtype;
  tensor.layout = original.layout;
  tensor.stored_bytes = original.stored_bytes;
}

SymbolId ModelBuilder::symbol(std::string_view name, std::string_view layer) {
  model_.symbols.push_back({name, layer});
  return static_cast<SymbolId>(model_.symbols.size() - 1);
}

void ModelBuilder::sort_siblings() {
  std::vector<Index> children;
  for (std::size_t parent = 0; parent < model_.modules.size(); ++parent) {
    children.clear();
    for (Index child = model_.modules[parent].first_child; child != kNone; child = model_.modules[child].next)
      children.push_back(child);
    auto by_name = [&](Index a, Index b) { return natural_less(model_.modules[a].name(), model_.modules[b].name()); };
    if (std::is_sorted(children.begin(), children.end(), by_name)) continue;
    std::stable_sort(children.begin(), children.end(), by_name);
    model_.modules[parent].first_child = model_.modules[parent].last_child = kNone;
    for (Index child : children) link_child(static_cast<Index>(parent), child);
  }
}

}  // namespace weigh
