#include "compare/pairing.h"

#include <algorithm>

#include "compare/siblings.h"
#include "conventions/wrappers.h"

namespace weigh {

Pairing::Pairing(const Model& first, const Model& second)
    : a(first),
      b(second),
      modules_of_a(first.modules.size(), kNone),
      modules_of_b(second.modules.size(), kNone),
      tensors_of_a(first.tensors.size(), kNone),
      tensors_of_b(second.tensors.size(), kNone),
      seen_of_a_(first.modules.size()),
      seen_of_b_(second.modules.size()) {}

bool Pairing::pair_tensors(Index tensor_a, Index tensor_b) {
  if (tensors_of_a[tensor_a] != kNone || tensors_of_b[tensor_b] != kNone) return false;
  tensors_of_a[tensor_a] = tensor_b;
  tensors_of_b[tensor_b] = tensor_a;
  return true;
}

bool Pairing::has_unpaired_on_both_sides() const {
  const auto has_unpaired = [](const std::vector<Index>& partners) {
    return std::find(partners.begin(), partners.end(), kNone) != partners.end();
  };
  return has_unpaired(tensors_of_a) && has_unpaired(tensors_of_b);
}

std::size_t Pairing::pair_own_tensors(Both modules) {
  std::size_t count = 0;
  Siblings<TensorsOf> others(b, modules.second);
  for (Index one = a.modules[modules.first].first_tensor; one != kNone; one = a.tensors[one].next) {
    const Index other = others.find(a.tensors[one].name);
    if (other != kNone && pair_tensors(one, other)) ++count;
  }
  return count;
}

void Pairing::pair_children(Both modules, std::vector<Both>& open) {
  Siblings<ChildrenOf> others(b, modules.second);
  for (Index one = a.modules[modules.first].first_child; one != kNone; one = a.modules[one].next) {
    if (modules_of_a[one] != kNone) continue;
    const Index other = others.find(a.modules[one].name);
    if (other != kNone && modules_of_b[other] == kNone) open.emplace_back(one, other);
  }
}

// A wrapper stands on one side alone: what it wraps is compared with what stands at its place on the other.
bool Pairing::look_through_a(Both modules, std::vector<Both>& open) {
  const std::size_t before = open.size();
  for (Index one = a.modules[modules.first].first_child; one != kNone; one = a.modules[one].next) {
    if (!conventions::is_wrapper(a.modules[one].name) || modules_of_a[one] != kNone || seen_of_a_[one]) continue;
    if (Siblings<ChildrenOf>(b, modules.second).find(a.modules[one].name) != kNone) continue;
    seen_of_a_[one] = true;
    moves.push_back({true, one, modules.second, Evidence::by_convention});
    open.emplace_back(one, modules.second);
  }
  return open.size() > before;
}

void Pairing::look_through_b(Both modules, std::vector<Both>& open) {
  for (Index one = b.modules[modules.second].first_child; one != kNone; one = b.modules[one].next) {
    if (!conventions::is_wrapper(b.modules[one].name) || modules_of_b[one] != kNone || seen_of_b_[one]) continue;
    if (Siblings<ChildrenOf>(a, modules.first).find(b.modules[one].name) != kNone) continue;
    seen_of_b_[one] = true;
    moves.push_back({true, modules.first, one, Evidence::by_convention});
    open.emplace_back(modules.first, one);
  }
}

std::size_t Pairing::pair_below(Index module_a, Index module_b) {
  std::size_t count = 0;
  std::vector<Both> open = {{module_a, module_b}};
  while (!open.empty()) {
    const Both modules = open.back();
    open.pop_back();
    if (modules_of_a[modules.first] == kNone && modules_of_b[modules.second] == kNone) {
      modules_of_a[modules.first] = modules.second;
      modules_of_b[modules.second] = modules.first;
    }
    count += pair_own_tensors(modules);
    pair_children(modules, open);
    if (!look_through_a(modules, open)) look_through_b(modules, open);
  }
  return count;
}

std::vector<std::size_t> count_below(const Model& model, const std::vector<Index>& partners, bool is_paired) {
  std::vector<std::size_t> below(model.modules.size());
  for (std::size_t i = 0; i < model.tensors.size(); ++i)
    if ((partners[i] != kNone) == is_paired) ++below[model.tensors[i].module];
  for (std::size_t i = model.modules.size(); i-- > 1;) below[model.modules[i].parent] += below[i];
  return below;
}

}  // namespace weigh
