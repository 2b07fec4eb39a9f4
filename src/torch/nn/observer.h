// How the layers of this library and a dry run know of each other. A layer tells when its forward begins and ends, and
// which shape a tensor of it has that has none yet; the dry run, or whoever else watches, implements Observer. Without
// one, layers do their ordinary work.
#pragma once

#include <cstddef>
#include <functional>
#include <vector>

#include <torch/torch.h>

namespace weigh::nn {

class Observer {
 public:
  virtual ~Observer() = default;

  // The forward of `module` begins, with these inputs (tensors, or lists, tuples, dictionaries of them), and ends:
  // `outputs` is empty where it threw. Properly nested.
  virtual void enter(torch::nn::Module& module, const std::vector<c10::IValue>& inputs) = 0;
  virtual void leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) = 0;

  // Whether nothing may be computed or changed: then shapes are fixed by `fix`, not by allocating.
  virtual bool is_dry() const = 0;
  // The shape-only tensor that stands for this one; undefined where its shape is not known yet.
  virtual torch::Tensor twin(const torch::Tensor& uninitialized) const = 0;
  // The shape of a tensor that has none, for the length of the run.
  virtual void fix(const torch::Tensor& uninitialized, torch::IntArrayRef shape, torch::TensorOptions options) = 0;
  // The layer does without this parameter of its: it exists no more, for the length of the run. Asked by is_dropped.
  virtual void drop(const torch::Tensor& /*uninitialized*/) {}
  virtual bool is_dropped(const torch::Tensor& /*uninitialized*/) const { return false; }
  // All tensors of the layer have their shapes now: in a run that is not dry it would reset its parameters here. Called
  // in the order in which layers initialise.
  virtual void initialized(torch::nn::Module& module) = 0;

  // Of this thread; null where nobody watches.
  static Observer* current();
};

// Makes an observer the one of this thread for a scope.
class ObserverGuard {
 public:
  explicit ObserverGuard(Observer* observer);
  ~ObserverGuard();
  ObserverGuard(const ObserverGuard&) = delete;
  ObserverGuard& operator=(const ObserverGuard&) = delete;

 private:
  Observer* before_;
};

}  // namespace weigh::nn
