// Which layers a forward calls, and with what: told by the layers themselves, or by the operators that take their
// parameters.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "dry_run/attention.h"
#include "dry_run/layer_kind.h"
#include "dry_run/live_model.h"
#include "dry_run/operation.h"
#include "dry_run/owners.h"

namespace weigh::dry_run {

class Calls {
 public:
  Calls(const LiveModel& live, const Owners& owners);

  // The layer told that it begins or ends. `outputs` is empty where it threw.
  void entered(Index module, const std::vector<c10::IValue>& inputs);
  void left(Index module, const std::vector<c10::IValue>& outputs);

  // Of which layer an operator with these inputs is; kNone where none of its inputs is a layer's.
  Index owner_of(const Operator& op, const std::vector<at::Tensor>& inputs) const;
  // What is to be told from an operator that was run. `owner` from owner_of(), or kNone.
  void operated(const Operation& operation, Index owner);

  LayerKind kind(Index module) const { return kinds_[module]; }
  const std::vector<Run>& runs() const { return runs_; }
  std::vector<Run>& runs() { return runs_; }

 private:
  // A call whose operators are coming.
  struct Open {
    Index module = kNone;
    std::vector<const c10::StorageImpl*> used;  // its parameters, those that operators took so far
    std::vector<Recognised> known;              // its inputs, and what came of them
  };

  void operated_on_layer(const Operation& operation, Index owner);
  void operated_elsewhere(const Operation& operation);
  void begin(Index module, const std::vector<at::Tensor>& data);
  bool is_known(const at::Tensor& tensor) const;
  bool is_made_by_layer(const at::Tensor& tensor) const;
  IOShape inputs_of(Index module, const std::vector<at::Tensor>& data) const;
  IOShape outputs_of(Index module, const std::vector<at::Tensor>& outputs) const;
  void remember_made(const Operation& operation);

  const LiveModel& live_;
  const Owners& owners_;
  std::vector<LayerKind> kinds_;
  std::vector<Run> runs_;
  std::vector<Index> running_;
  Open open_;
  Attention attention_;
  std::deque<Recognised> made_;  // what the last operators made from nothing
};

}  // namespace weigh::dry_run
