// Which layers a forward calls, and with what: told by the layers themselves, or by the operators that take their
// parameters.
#pragma once

#include <unordered_map>
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
  // The children of a Sequential ran one after the other.
  void passed(Index sequential, const std::vector<c10::IValue>& inputs, const std::vector<c10::IValue>& outputs);

  void set_attention(Index module, Attention::Parameters parameters);

  // Of which layer an operator with these inputs is; kNone where none of its inputs is a layer's.
  Index owner_of(const Operator& op, const std::vector<at::Tensor>& inputs) const;
  // Whether the module that comes, an operator of which takes these inputs, has its turn in the same call of what holds
  // both as the one that came before: it had fewer, or it is that one, with parameters it has not used yet.
  bool follows(Index before, Index module, const std::vector<at::Tensor>& inputs) const;
  // What is to be told from an operator that was run. `owner` from owner_of(), or kNone.
  void operated(const Operation& operation, Index owner);

  // Whether all operators of this layer are known, so that those before and after are not its own.
  bool is_whole(Index module) const {
    return kinds_[module] != LayerKind::unseen && kinds_[module] != LayerKind::of_user &&
           kinds_[module] != LayerKind::attention;
  }
  LayerKind kind(Index module) const { return kinds_[module]; }
  std::vector<Run>& runs() { return runs_; }

 private:
  // A call whose operators are coming.
  struct Open {
    Index module = kNone;
    std::vector<const c10::StorageImpl*> used;  // its parameters, those that operators took so far
  };

  void operated_on_layer(const Operation& operation, Index owner);
  void operated_elsewhere(const Operation& operation);
  void begin(Index module, const std::vector<at::Tensor>& data);
  bool is_used_again(const std::vector<at::Tensor>& inputs) const;
  bool is_made_by_layer(const at::Tensor& tensor) const;
  IOShape inputs_of(Index module, const std::vector<at::Tensor>& data) const;
  IOShape outputs_of(Index module, const std::vector<at::Tensor>& outputs) const;

  const LiveModel& live_;
  const Owners& owners_;
  std::vector<LayerKind> kinds_;
  std::vector<Run> runs_;
  std::vector<Index> running_;
  Open open_;
  Attention attention_;
  std::unordered_map<Index, Attention::Parameters> attentions_;
  std::vector<Recognised> made_;  // zeros and ranges that the last operators made
};

}  // namespace weigh::dry_run
