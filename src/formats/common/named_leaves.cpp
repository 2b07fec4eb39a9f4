#include "formats/common/named_leaves.h"

#include <algorithm>

#include <fmt/format.h>

#include "model/roles.h"
#include "model/sections.h"

#include "weigh/error.h"

namespace weigh {
Index NamedLeaves::enter(Index parent, std::string_view name) {
  Index module = parent;
  while (!name.empty()) {
    const std::size_t slash = std::min(name.find('/'), name.size());
    if (slash > 0) {
      const auto [place, is_new] = modules_.try_emplace({module, std::string(name.substr(0, slash))});
      if (is_new) place->second = add_module(module, name.substr(0, slash));
      module = place->second;
    }
    name.remove_prefix(std::min(slash + 1, name.size()));
  }
  return module;
}

Index NamedLeaves::add_module(Index parent, std::string_view name) {
  depths_.resize(model_.modules.size());
  const std::uint32_t depth = depths_[parent] + 1;
  if (depth > limits_.module_depth) {
    throw Error(ErrorKind::limit, model_.source,
                fmt::format("nests names deeper than {} (limit module_depth)", limits_.module_depth));
  }
  depths_.push_back(depth);
  return builder_.add_child(parent, name);
}

void NamedLeaves::add(Index module, std::string_view name, const Leaf& leaf) {
  if (const std::size_t slash = name.rfind('/'); slash != std::string_view::npos) {
    module = enter(module, name.substr(0, slash));
    name = name.substr(slash + 1);
  }
  if (name.empty()) name = "array";
  if (builder_.find_in_module(name, module) != kNone) {
    throw Error(ErrorKind::corrupt, model_.source,
                fmt::format("'{}' stands twice", model_.path_of(module, name).substr(0, 200)));
  }
  Tensor tensor;
  tensor.module = module;
  tensor.name = name;
  tensor.dtype = leaf.dtype;
  tensor.stored_bytes = leaf.bytes;
  infer_role(name, leaf.dtype, leaf.shape).give_to(tensor);
  if (!leaf.has_shape) tensor.rank = Tensor::kUnknownRank;
  builder_.add_to_module(tensor, leaf.shape);
  if (with_locations_) model_.locations.push_back(leaf.location);
}

void NamedLeaves::add_to_optimizer(const Leaf& leaf) {
  ++optimizer_tensors_;
  optimizer_bytes_ += leaf.bytes;
}

void NamedLeaves::finish() {
  if (optimizer_tensors_ > 0) {
    Section section = optimizer_state();
    section.tensors = optimizer_tensors_;
    section.bytes = optimizer_bytes_;
    model_.sections.push_back(section);
  }
  if (!modules_.contains({0, "params"})) return;
  const auto statistics = modules_.find({0, "batch_stats"});
  if (statistics == modules_.end()) return;
  std::vector<bool> is_below(model_.modules.size());
  is_below[statistics->second] = true;
  for (std::size_t i = 1; i < is_below.size(); ++i)
    if (is_below[model_.modules[i].parent]) is_below[i] = true;
  for (Tensor& tensor : model_.tensors) {
    if (is_below[tensor.module]) KnownRole{Role::buffer, Evidence::recorded}.give_to(tensor);
  }
}

}  // namespace weigh
