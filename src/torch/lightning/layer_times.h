// How long the forward of each layer takes: libtorch modules have no hooks, but an operator that takes a parameter
// tells whose layer runs. A call of a layer is some such operators: a product with the transpose of a weight is two.
// With a parameter that is taken again, the next call begins.
#pragma once

#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/lightning/profiler.h"

namespace weigh::lightning {

class LayerTimes {
 public:
  // Of the parameters that the module has now.
  LayerTimes(Profiler& profiler, const torch::nn::Module& root);

  // While it lives, the operators of this thread are timed.
  class Watch {
   public:
    explicit Watch(LayerTimes* times);  // null: nothing is watched
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;
    ~Watch();

   private:
    std::uint64_t handle_ = 0;
    bool is_on_ = false;
  };

  // While it lives, they are not: an optimizer takes parameters, too.
  class Pause {
   public:
    Pause() : times_(current_), before_(times_ && std::exchange(times_->is_inside_, true)) {}
    Pause(const Pause&) = delete;
    Pause& operator=(const Pause&) = delete;
    ~Pause() {
      if (times_) times_->is_inside_ = before_;
    }

   private:
    LayerTimes* times_;
    bool before_;
  };

 private:
  struct Layer {
    std::uint32_t entry;
    std::vector<const c10::TensorImpl*> used = {};  // parameters, in the call that was the last
  };
  struct Running;
  static std::unique_ptr<at::ObserverContext> begin(const at::RecordFunction& function);
  static void end(const at::RecordFunction& function, at::ObserverContext* context);
  Layer* layer_of(const c10::IValue& input, const c10::TensorImpl*& parameter);
  Layer* layer_of(const torch::Tensor& input, const c10::TensorImpl*& parameter);

  static thread_local LayerTimes* current_;
  Profiler& profiler_;
  std::vector<Layer> layers_;
  std::unordered_map<const c10::TensorImpl*, std::size_t> owners_;  // of parameters
  bool is_inside_ = false;  // operators call operators, and a backward takes parameters
};

}  // namespace weigh::lightning
