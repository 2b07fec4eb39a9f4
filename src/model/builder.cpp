#include "model/builder.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh {
namespace {

// Whether `prefix` is `path` or one of its ancestors.
bool leads_to(std::string_view prefix, std::string_view path) {
  return path.starts_with(prefix) && (path.size() == prefix.size() || path[prefix.size()] == '.');
}

// A module mostly owns a weight and a bias. Of more tensors than this, the rest are found by hash.
constexpr int kFew = 16;

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('.') + 1); }

std::uint64_t hash_of(Index parent, std::string_view path) { return mix(weigh::hash_of(last_part(path)), parent); }

// The number that a name is.
std::uint64_t number_or(std::string_view name, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
  return error == std::errc() && end == name.data() + name.size() ? number : otherwise;
}

}  // namespace

Index ModelBuilder::module(std::string_view path, Index root) {
  if (trail_.empty() || trail_.front().module != root) trail_.assign(1, {root});
  while (trail_.size() > 1 && !leads_to(model_.modules[trail_.back().module].path, path)) trail_.pop_back();
  for (;;) {
    Step& above = trail_.back();
    const std::string_view parent = model_.modules[above.module].path;
    if (parent.size() >= path.size()) return above.module;
    const bool below_the_root = trail_.size() == 1 && parent.empty();
    const std::size_t begin = below_the_root ? 0 : parent.size() + 1;
    const std::string_view wanted = path.substr(0, path.find('.', begin));
    Index child = next_child(above, wanted);
    if (child == kNone && !is_surely_new(above.module, wanted)) child = find_child(above.module, wanted);
    if (child == kNone) child = add_child(above.module, wanted);
    above.child = child;
    trail_.push_back({child});
    if (trail_.size() > limits_.module_depth) {
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("the name '{}…' nests modules deeper than {}", path.substr(0, 60), limits_.module_depth));
    }
  }
}

Index ModelBuilder::module_of(std::string_view tensor, Index root) {
  const std::size_t dot = tensor.rfind('.');
  return dot == std::string_view::npos ? root : module(tensor.substr(0, dot), root);
}

Index ModelBuilder::add_child(Index parent, std::string_view path) {
  auto child = static_cast<Index>(model_.modules.size());
  if (!is_surely_new(parent, path)) unsorted_[parent] = true;
  Module module;
  module.path = path;
  model_.modules.push_back(module);
  unsorted_.resize(model_.modules.size());
  link_child(parent, child);
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

// The sibling after the one that was wanted last, if it is the one.
Index ModelBuilder::next_child(const Step& above, std::string_view path) const {
  const Index guess =
      above.child == kNone ? model_.modules[above.module].first_child : model_.modules[above.child].next;
  return guess != kNone && model_.modules[guess].path == path ? guess : kNone;
}

// Sorted names come in the order of siblings: behind the last of them, if they all did, there can be no other.
bool ModelBuilder::is_surely_new(Index parent, std::string_view path) const {
  const Index last = model_.modules[parent].last_child;
  return last == kNone || (model_.modules[last].path < path && !unsorted_[parent]);
}

Index ModelBuilder::find_child(Index parent, std::string_view path) {
  for (; indexed_ < model_.modules.size(); ++indexed_) {
    const Module& module = model_.modules[indexed_];
    by_name_.insert(static_cast<Index>(indexed_), hash_of(module.parent, module.path));
  }
  return by_name_.find(hash_of(parent, path), [&](Index index) {
    const Module& candidate = model_.modules[index];
    return candidate.parent == parent && candidate.path == path;
  });
}

Index ModelBuilder::find(std::string_view path, Index root) {
  const std::string_view owner = path.substr(0, path.rfind('.') + 1);  // "a.b." of "a.b.weight"
  const std::size_t above = model_.modules[root].path.size();
  Index module = root;
  for (std::size_t dot = owner.find('.', above > 0 ? above + 1 : 0);
       dot != owner.npos && owner.size() > 1 && module != kNone; dot = owner.find('.', dot + 1))
    module = find_child(module, owner.substr(0, dot));
  return module == kNone ? kNone : find_in_module(path, module);
}

Index ModelBuilder::find_in_module(std::string_view path, Index module) const {
  Index tensor = model_.modules[module].first_tensor;
  for (int i = 0; tensor != kNone && i < kFew; ++i, tensor = model_.tensors[tensor].next)
    if (model_.tensors[tensor].path == path) return tensor;
  if (tensor == kNone) return kNone;
  return crowded_.find(mix(weigh::hash_of(path), module), [&](Index index) {
    return model_.tensors[index].module == module && model_.tensors[index].path == path;
  });
}

bool ModelBuilder::is_crowded(Index module) const {
  Index tensor = model_.modules[module].first_tensor;
  for (int i = 0; tensor != kNone && i < kFew; ++i) tensor = model_.tensors[tensor].next;
  return tensor != kNone;
}

Index ModelBuilder::add_by_path(Tensor tensor, std::span<const Extent> shape, Index root) {
  tensor.module = module_of(tensor.path, root);
  return add_to_module(tensor, shape);
}

Index ModelBuilder::add_to_module(Tensor tensor, std::span<const Extent> shape) {
  tensor.first_extent = static_cast<Index>(model_.extents.size());
  if (tensor.rank_known()) tensor.rank = static_cast<std::uint8_t>(shape.size());
  model_.extents.insert(model_.extents.end(), shape.begin(), shape.end());
  const auto index = static_cast<Index>(model_.tensors.size());
  model_.tensors.push_back(tensor);
  link(index);
  return index;
}

void ModelBuilder::link(Index index) {
  if (index >= limits_.tensors)
    throw Error(ErrorKind::limit, model_.source, fmt::format("holds more than {} tensors", limits_.tensors));
  Tensor& tensor = model_.tensors[index];
  if (tensor.tied_to != kNone) be_as_original(tensor);
  Module& owner = model_.modules[tensor.module];
  if (owner.last_tensor == kNone) {
    owner.first_tensor = index;
  } else {
    model_.tensors[owner.last_tensor].next = index;
  }
  owner.last_tensor = index;
  if (is_crowded(tensor.module)) crowded_.insert(index, mix(weigh::hash_of(tensor.path), tensor.module));
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
  struct Child {
    std::uint64_t number;  // above all numbers for a name that is none
    std::string_view name;
    Index index;
  };
  std::vector<Child> children;
  auto natural_less = [](const Child& a, const Child& b) {
    return a.number != b.number ? a.number < b.number : a.name < b.name;
  };
  for (std::size_t parent = 0; parent < model_.modules.size(); ++parent) {
    children.clear();
    const Index first = model_.modules[parent].first_child;
    if (first == model_.modules[parent].last_child) continue;
    std::size_t count = 0;
    for (Index child = first; child != kNone; child = model_.modules[child].next) ++count;
    children.reserve(count);
    for (Index child = first; child != kNone; child = model_.modules[child].next) {
      const std::string_view name = last_part(model_.modules[child].path);
      children.push_back({number_or(name, UINT64_MAX), name, child});
    }
    if (std::is_sorted(children.begin(), children.end(), natural_less)) continue;
    std::sort(children.begin(), children.end(), natural_less);
    model_.modules[parent].first_child = model_.modules[parent].last_child = kNone;
    for (const Child& child : children) link_child(static_cast<Index>(parent), child.index);
  }
}

}  // namespace weigh
