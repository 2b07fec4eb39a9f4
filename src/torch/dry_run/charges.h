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

// Layers that are not seen to begin and end are placed by their parameters: an operator between those of two layers
// belongs to the nearest module that holds both.
class Charges {
 public:
  explicit Charges(const Model& model);

  void enter(Index module);
  void leave(Index module);
  bool is_running(Index module) const;
  // An operator of this module comes. `is_whole`: its operators are known one and all, so that those before and after
  // are not its own.
  void reach(Index module, bool is_whole);
  void charge(const Amount& amount, Index module);
  // For the module that runs, as soon as it is known.
  void charge_whoever_runs(const Amount& amount) { pending_ += amount; }
  // The innermost module that is known to be running, or whose operator was the last.
  Index place() const { return position_; }
  void finish();

  const Amount& total(Index module) const { return totals_[module]; }

 private:
  void settle(Index next);
  void pay(Index module, std::uint64_t round, const Amount& amount);
  Index as_run(Index module) const;
  bool is_below(Index module, Index above) const;
  Index common(Index a, Index b) const;
  Index parent_or_self(Index module) const;

  const Model& model_;
  std::vector<std::uint32_t> depth_;
  std::vector<std::vector<Index>> aliases_;
  std::vector<Amount> totals_;
  std::vector<std::uint64_t> paid_in_round_;
  std::uint64_t round_ = 0;
  std::vector<Index> running_;
  Index position_ = 0;
  Amount pending_;
};

}  // namespace weigh::dry_run
