#include "dry_run/charges.h"

#include <algorithm>

namespace weigh::dry_run {

Charges::Charges(const Model& model)
    : model_(model),
      depth_(model.modules.size(), 0),
      aliases_(model.modules.size()),
      totals_(model.modules.size()),
      beside_(model.modules.size()),
      below_(model.modules.size()),
      paid_in_round_(model.modules.size(), 0),
      running_{0} {
  for (Index i = 1; i < model.modules.size(); ++i) {
    depth_[i] = depth_[model.modules[i].parent] + 1;
    if (model.modules[i].alias_of != kNone) aliases_[model.modules[i].alias_of].push_back(i);
  }
}

void Charges::enter(Index module, bool follows) {
  settle(parent_or_self(as_run(module)), follows);
  running_.push_back(module);
  position_ = module;
}

void Charges::leave(Index module) {
  settle(module, false);
  // What was entered inside and did not leave threw.
  const auto found = std::find(running_.rbegin(), running_.rend(), module);
  if (found != running_.rend()) running_.erase(std::prev(found.base()), running_.end());
  if (running_.empty()) running_.push_back(0);
  position_ = parent_or_self(as_run(module));
}

bool Charges::is_running(Index module) const {
  return std::find(running_.begin() + 1, running_.end(), module) != running_.end();
}

void Charges::reach(Index module, bool is_whole, bool follows) {
  const Index own = as_run(module);
  const Index place = is_whole && !is_running(module) ? parent_or_self(own) : own;
  settle(place, follows);
  position_ = place;
}

void Charges::settle(Index next, bool follows) {
  if (pending_.is_nothing()) return;
  const Amount amount = pending_;
  pending_ = {};
  const Index holder = common(position_, next);
  const Index payer = follows && is_below(holder, running_.back()) ? holder : running_.back();
  for (const Index end : {position_, next})
    if (is_below(end, payer))
      for (Index i = end; i != payer; i = model_.modules[i].parent) beside_[original(i)] |= amount;
  below_[original(payer)] |= amount;
  charge(amount, payer);
}

Charges::Doubt Charges::doubt_within(Index module, const std::vector<bool>& is_seen) const {
  Doubt doubt;
  for (Index above = model_.modules[module].parent; above != kNone; above = model_.modules[above].parent) {
    doubt.flops |= below_[original(above)].flops;
    doubt.activations |= below_[original(above)].activations;
    if (is_seen[above]) break;
  }
  return doubt;
}

// The module, and all that it runs in: what stands above it up to the innermost that is known to run, and what that
// runs in. A shared tensor's module may stand elsewhere; what is above it there does not run.
void Charges::charge(const Amount& amount, Index module) {
  if (amount.is_nothing()) return;
  ++round_;
  const Index innermost = running_.back();
  const Index own = as_run(module);
  pay(own, round_, amount);
  if (is_below(own, innermost))
    for (Index above = own; above != innermost; above = model_.modules[above].parent) pay(above, round_, amount);
  for (const Index running : running_) pay(running, round_, amount);
  for (Index above = innermost; above != kNone; above = model_.modules[above].parent) pay(above, round_, amount);
}

void Charges::charge_in_tree(const Amount& amount, Index module) {
  ++round_;
  for (; module != kNone; module = model_.modules[module].parent) pay(module, round_, amount);
}

void Charges::pay(Index module, std::uint64_t round, const Amount& amount) {
  module = original(module);
  if (paid_in_round_[module] == round) return;
  paid_in_round_[module] = round;
  totals_[module] += amount;
}

void Charges::finish() { settle(0, false); }

// A shared module stands in the tree more than once: the place that is inside of what runs.
Index Charges::as_run(Index module) const {
  if (aliases_[module].empty()) return module;
  for (auto running = running_.rbegin(); running != running_.rend(); ++running) {
    if (*running == 0) break;
    if (is_below(module, *running)) return module;
    for (const Index alias : aliases_[module])
      if (is_below(alias, *running)) return alias;
  }
  return module;
}

bool Charges::is_below(Index module, Index above) const {
  while (depth_[module] > depth_[above]) module = model_.modules[module].parent;
  return module == above;
}

Index Charges::common(Index a, Index b) const {
  while (a != b) {
    Index& deeper = depth_[a] >= depth_[b] ? a : b;
    deeper = model_.modules[deeper].parent;
  }
  return a;
}

Index Charges::original(Index module) const {
  const Index original = model_.modules[module].alias_of;
  return original == kNone ? module : original;
}

Index Charges::parent_or_self(Index module) const {
  const Index parent = model_.modules[module].parent;
  return parent == kNone ? module : parent;
}

}  // namespace weigh::dry_run
