#include "model/builder.h"

#include <algorithm>
#include <cstring>

#include <fmt/format.h>

#include "bytes/digits.h"
#include "bytes/stop.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// How many bytes both begin with. Eight at a time: paths of neighbours differ near their ends.
std::size_t shared_size(std::string_view a, std::string_view b) {
  const std::size_t most = std::min(a.size(), b.size());
  std::size_t at = 0;
  while (most - at >= 8 && word_at<std::uint64_t>(a.data() + at) == word_at<std::uint64_t>(b.data() + at)) at += 8;
  while (at != most && a[at] == b[at]) ++at;
  return at;
}

// As rfind, which looks at each byte by itself.
std::size_t last_dot(std::string_view path) {
  const void* dot = path.empty() ? nullptr : ::memrchr(path.data(), '.', path.size());
  return dot == nullptr ? std::string_view::npos
                        : static_cast<std::size_t>(static_cast<const char*>(dot) - path.data());
}

// A module mostly owns a weight and a bias, and a few children. Of more than these, the rest are found by hash.
constexpr int kFew = 16;
// So often the children of a module are looked at one by one: to enter them all into a table costs more.
constexpr int kSeldom = 4;

std::uint64_t hash_in(Index module, std::string_view name) { return mix(hash_of(name), module); }

}  // namespace

Index ModelBuilder::module(std::string_view path, Index root) {
  if (trail_.empty() || trail_.front().module != root) {
    trail_.assign(1, {root});
  } else if (path == trail_path_) {
    return trail_.back().module;
  }
  const std::size_t shared = shared_size(trail_path_, path);
  const auto leads_to_path = [&](const Step& step) {
    return step.size <= shared && (step.size == path.size() || path[step.size] == '.');
  };
  while (trail_.size() > 1 && !leads_to_path(trail_.back())) trail_.pop_back();
  while (trail_.back().size < path.size()) {
    Step& above = trail_.back();
    const std::size_t begin = trail_.size() == 1 ? 0 : above.size + 1;
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string_view name = path.substr(begin, end - begin);
    Index child = next_child(above, name);
    if (child == kNone) child = find_or_add_child(above.module, name);
    above.child = child;
    trail_.push_back({child, end});
    if (trail_.size() > limits_.module_depth) {
      throw Error(ErrorKind::limit, model_.source,
                  fmt::format("the name '{}…' nests modules deeper than {}", path.substr(0, 60), limits_.module_depth));
    }
  }
  trail_path_.assign(path);
  return trail_.back().module;
}

Index ModelBuilder::module_of(std::string_view tensor, Index root) {
  const std::size_t dot = last_dot(tensor);
  return dot == std::string_view::npos || dot == 0 ? root : module(tensor.substr(0, dot), root);
}

Index ModelBuilder::find_or_add_child(Index parent, std::string_view name) {
  const bool is_in_order = comes_last(parent, name);
  const Index found = is_in_order ? kNone : find_child(parent, name);
  return found == kNone ? append_child(parent, name, is_in_order) : found;
}

Index ModelBuilder::add_child(Index parent, std::string_view name) {
  return append_child(parent, name, comes_last(parent, name));
}

Index ModelBuilder::append_child(Index parent, std::string_view name, bool is_in_order) {
  auto child = static_cast<Index>(model_.modules.size());
  if (!is_in_order) unsorted_[parent] = true;
  Module module;
  module.name = keep(name);
  model_.modules.push_back(module);
  while (unsorted_.size() < model_.modules.size()) unsorted_.push_back(false);
  link_child(parent, child);
  return child;
}

std::string_view ModelBuilder::keep(std::string_view name) {
  std::string_view& recent = recent_names_[hash_of(name) % recent_names_.size()];
  if (recent != name) recent = model_.keep(name);
  return recent;
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
Index ModelBuilder::next_child(const Step& above, std::string_view name) const {
  const Index guess =
      above.child == kNone ? model_.modules[above.module].first_child : model_.modules[above.child].next;
  return guess != kNone && model_.modules[guess].name == name ? guess : kNone;
}

// Sorted names come in the order of siblings: behind the last of them, if they all did, there can be no other.
bool ModelBuilder::comes_last(Index parent, std::string_view name) const {
  const Index last = model_.modules[parent].last_child;
  return last == kNone || (model_.modules[last].name < name && !unsorted_[parent]);
}

Index ModelBuilder::find_child(Index parent, std::string_view name) {
  Index child = model_.modules[parent].first_child;
  for (int i = 0; child != kNone && i < kFew; ++i, child = model_.modules[child].next)
    if (model_.modules[child].name == name) return child;
  return child == kNone ? kNone : find_among_many(parent, name);
}

Index ModelBuilder::find_among_many(Index parent, std::string_view name) {
  Search& search = searched_[parent];
  const bool is_seldom = search.count < kSeldom;
  search.count += is_seldom ? 1 : 0;
  Index child = search.last == kNone ? model_.modules[parent].first_child : model_.modules[search.last].next;
  for (; child != kNone; child = model_.modules[child].next) {
    if (is_seldom) {
      if (model_.modules[child].name == name) return child;
      continue;
    }
    by_name_.insert(child, hash_in(parent, model_.modules[child].name));
    search.last = child;
  }
  if (is_seldom) return kNone;
  return by_name_.find(hash_in(parent, name), [&](Index index) {
    return model_.modules[index].parent == parent && model_.modules[index].name == name;
  });
}

Index ModelBuilder::find(std::string_view path, Index root) {
  Index module = root;
  std::size_t begin = 0;
  const std::size_t last_dot = path.rfind('.');
  if (last_dot == 0 || last_dot == std::string_view::npos) return find_in_module(path, root);
  while (begin <= last_dot && module != kNone) {
    const std::size_t dot = path.find('.', begin);
    module = find_child(module, path.substr(begin, dot - begin));
    begin = dot + 1;
  }
  return module == kNone ? kNone : find_in_module(path.substr(begin), module);
}

Index ModelBuilder::find_in_module(std::string_view name, Index module) const {
  Index tensor = model_.modules[module].first_tensor;
  for (int i = 0; tensor != kNone && i < kFew; ++i, tensor = model_.tensors[tensor].next)
    if (model_.tensors[tensor].name == name) return tensor;
  if (tensor == kNone) return kNone;
  return crowded_.find(hash_in(module, name), [&](Index index) {
    return model_.tensors[index].module == module && model_.tensors[index].name == name;
  });
}

bool ModelBuilder::is_crowded(Index module) const {
  Index tensor = model_.modules[module].first_tensor;
  for (int i = 0; tensor != kNone && i < kFew; ++i) tensor = model_.tensors[tensor].next;
  return tensor != kNone;
}

Index ModelBuilder::add_by_path(Tensor tensor, std::string_view path, std::span<const Extent> shape, Index root) {
  tensor.module = module_of(path, root);
  tensor.name = name_in(tensor.module, path, root);
  return add_to_module(tensor, shape);
}

Index ModelBuilder::add_to_module(Tensor tensor, std::span<const Extent> shape) {
  tensor.name = keep(tensor.name);
  // Nested tensors of one shape differ in their elements: Model::nested_elements tells them apart by their extents.
  tensor.first_extent = tensor.layout == Layout::nested ? shapes_.add(shape) : shapes_.keep(shape);
  if (tensor.rank_known()) tensor.rank = static_cast<std::uint8_t>(shape.size());
  const auto index = static_cast<Index>(model_.tensors.size());
  model_.tensors.push_back(tensor);
  link(index);
  return index;
}

Index ModelBuilder::add_tie(std::string_view path, Index original, Index root) {
  const Tensor& first = model_.tensors[original];
  std::vector<Extent> shape;
  if (first.rank_known()) shape.assign(model_.shape_begin(first), model_.shape_end(first));
  Tensor tensor;
  tensor.tied_to = original;
  tensor.rank = first.rank;
  return add_by_path(tensor, path, shape, root);
}

void ModelBuilder::tie(Index tied, Index original) {
  Tensor& tensor = model_.tensors[tied];
  tensor.tied_to = original;
  tensor.first_extent = model_.tensors[original].first_extent;
  tensor.rank = model_.tensors[original].rank;
  be_as_original(tensor);
}

void ModelBuilder::place(Tensor& tensor) {
  const std::string_view path = tensor.name;
  const std::size_t dot = last_dot(path);
  const bool is_in_root = dot == std::string_view::npos || dot == 0;
  tensor.module = is_in_root ? 0 : module(path.substr(0, dot));
  tensor.name = keep(is_in_root ? path : path.substr(dot + 1));
}

void ModelBuilder::link(Index index) {
  throw_if_stopped();
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
  if (is_crowded(tensor.module)) crowded_.insert(index, hash_in(tensor.module, tensor.name));
}

void ModelBuilder::be_as_original(Tensor& tensor) const {
  if (Index before = model_.tensors[tensor.tied_to].tied_to; before != kNone) tensor.tied_to = before;
  const Tensor& original = model_.tensors[tensor.tied_to];
  tensor.role = original.role;
  tensor.role_evidence = original.role_evidence;
  tensor.state = original.state;
  tensor.requires_grad = original.requires_grad;
  tensor.dtype = original.dtype;
  tensor.layout = original.layout;
  tensor.stored_bytes = original.stored_bytes;
}

SymbolId ModelBuilder::symbol(std::string_view name, Index layer) {
  model_.symbols.push_back({keep(name), layer});
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
      const std::string_view name = model_.modules[child].name;
      children.push_back({number_of(name).value_or(UINT64_MAX), name, child});
    }
    if (std::is_sorted(children.begin(), children.end(), natural_less)) continue;
    std::sort(children.begin(), children.end(), natural_less);
    model_.modules[parent].first_child = model_.modules[parent].last_child = kNone;
    for (const Child& child : children) link_child(static_cast<Index>(parent), child.index);
  }
}

}  // namespace weigh
