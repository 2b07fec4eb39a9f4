// Who pays for an operator: the layer that it belongs to, and all in which that layer runs.
#pragma once

#include <cstdint>
#include <vector>

#include "weigh/model.h"

namespace weigh::dry_run {

struct Amount {
  std::uint64_t flops = 0;
  std::uint64_t backward_flops = 0;
  std::uint64_t activation_bytes = 0;

  Amount& operator+=(const Amount& other) {
    flops += other.flops;
    backward_flops += other.backward_flops;
    activation_bytes += other.activation_bytes;
    return *this;
  }
  bool is_nothing() const { return flops == 0 && backward_flops == 0 && activation_bytes == 0; }
};

// Layers that are not seen to begin and end are placed by their parameters. An operator between those of two layers
// that have their turns in one call belongs to the nearest module that holds both; any other, to the module that is
// known to run. It may be that of a module in between, which nobody saw: what that amounts to is then a lower bound.
class Charges {
 public:
  explicit Charges(const Model& model);

  // `follows`, here and below: what was reached or left last and this belong to one call of the module that holds both.
  void enter(Index module, bool follows);
  void leave(Index module);
  bool is_running(Index module) const;
  // An operator of this module comes. `is_whole`: its operators are known one and all, so that those before and after
  // are not its own.
  void reach(Index module, bool is_whole, bool follows);
  void charge(const Amount& amount, Index module);
  // The same of work beside the thread that runs the forward: for the module and all above it, whatever runs.
  void charge_in_tree(const Amount& amount, Index module);
  // For the module that runs, as soon as it is known.
  void charge_whoever_runs(const Amount& amount) { pending_ += amount; }
  // The innermost module that is known to be running, or whose operator was the last.
  Index place() const { return position_; }
  void finish();

  const Amount& total(Index module) const { return totals_[module]; }
  // Whether operators with FLOPs, or with outputs, may belong to a module beside those that it was charged for.
  struct Doubt {
    bool flops = false;
    bool activations = false;
    Doubt& operator|=(const Amount& amount) {
      flops |= amount.flops > 0 || amount.backward_flops > 0;
      activations |= amount.activation_bytes > 0;
      return *this;
    }
  };
  // Of one that did not tell when it began and ended, but in which something is known to have run.
  const Doubt& doubt_beside(Index module) const { return beside_[original(module)]; }
  // Of one of which nothing is known. `is_seen`: for each module, whether it told when it began and ended.
  Doubt doubt_within(Index module, const std::vector<bool>& is_seen) const;

 private:
  void settle(Index next, bool follows);
  void pay(Index module, std::uint64_t round, const Amount& amount);
  Index as_run(Index module) const;
  bool is_below(Index module, Index above) const;
  Index common(Index a, Index b) const;
  Index parent_or_self(Index module) const;
  Index original(Index module) const;

  const Model& model_;
  std::vector<std::uint32_t> depth_;
  std::vector<std::vector<Index>> aliases_;
  std::vector<Amount> totals_;
  std::vector<Doubt> beside_;  // operators that stand beside those of the module
  std::vector<Doubt> below_;   // operators that may be of any module below, if nobody saw that
  std::vector<std::uint64_t> paid_in_round_;
  std::uint64_t round_ = 0;
  std::vector<Index> running_;
  Index position_ = 0;
  Amount pending_;
};

}  // namespace weigh::dry_run
