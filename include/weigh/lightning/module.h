// A model with what is needed to train it: PyTorch Lightning's LightningModule. `Batch` is what its loaders give.
//
//   class Net : public weigh::lightning::LightningModule<torch::data::Example<>> {
//    public:
//     Net() { example_input(*this, torch::zeros({32, 784})); }     optional: shapes and FLOPs, and lazy layers
//     torch::Tensor forward(const torch::Tensor& x) { return layer(x); }
//     torch::Tensor training_step(Batch& batch, std::int64_t) override {
//       const auto loss = torch::cross_entropy_loss(forward(batch.data), batch.target);
//       log("train_loss", loss, {.prog_bar = true});
//       return loss;
//     }
//     weigh::lightning::Optimizers configure_optimizers() override {
//       return std::make_shared<torch::optim::Adam>(parameters(), 1e-3);
//     }
//     weigh::nn::LazyLinear layer = register_module("layer", weigh::nn::LazyLinear(10));
//   };
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <variant>

#include <c10/util/Type.h>
#include <torch/torch.h>

#include "weigh/error.h"
#include "weigh/lightning/batch.h"
#include "weigh/lightning/example_input.h"
#include "weigh/lightning/hooks.h"
#include "weigh/lightning/manual_optimization.h"
#include "weigh/lightning/metrics.h"
#include "weigh/lightning/optimizers.h"
#include "weigh/lightning/schedulers.h"

namespace weigh::lightning {

struct Session;
class Trainer;

// A number, or a tensor that holds one.
struct LogValue {
  template <class Number>
  requires std::is_arithmetic_v<Number> LogValue(Number number) : value(static_cast<double>(number)) {}
  LogValue(const torch::Tensor& tensor) : value(tensor) {}

  std::variant<double, torch::Tensor> value;
};

namespace detail {

// What forward_batch() throws where it is not overridden.
struct NotOverridden : Error {
  using Error::Error;
};

}  // namespace detail

// What needs no type of a batch. Derive from LightningModule instead.
class ModuleBase : public torch::nn::Module, public ModuleHooks {
 public:
  // What the model was made with; kept in checkpoints.
  HParams hparams;
  // false: training_step computes gradients and steps optimizers itself (weigh/lightning/manual_optimization.h).
  bool automatic_optimization = true;

  virtual Optimizers configure_optimizers() = 0;

  // How a batch is optimised. `closure` runs training_step and backward, and must be called before the step.
  virtual void optimizer_step(torch::optim::Optimizer& optimizer, const std::function<torch::Tensor()>& closure);
  virtual void optimizer_zero_grad(torch::optim::Optimizer& optimizer);
  virtual void backward(const torch::Tensor& loss) { loss.backward(); }
  virtual void configure_gradient_clipping(torch::optim::Optimizer& optimizer);
  virtual void lr_scheduler_step(Scheduler& scheduler, double metric) { scheduler.step(metric); }

  // For hooks that change between training and evaluation.
  virtual void on_validation_model_eval() { eval(); }
  virtual void on_test_model_eval() { eval(); }
  virtual void on_predict_model_eval() { eval(); }
  virtual void on_validation_model_zero_grad();

  // Logs a number, or a tensor that holds one. Without a trainer (in a test of a step) it does nothing. Throws
  // weigh::Error(usage) in a hook that has no results to log to.
  void log(const std::string& name, double value, const LogOptions& options = {});
  void log(const std::string& name, const torch::Tensor& value, const LogOptions& options = {});
  // Several, with the same options: log_dict({{"loss", loss}, {"accuracy", 0.5}}), or a map.
  void log_dict(std::initializer_list<std::pair<std::string, LogValue>> values, const LogOptions& options = {}) {
    for (const auto& item : values)
      std::visit([&](const auto& value) { log(item.first, value, options); }, item.second.value);
  }
  template <class Map>
  void log_dict(const Map& values, const LogOptions& options = {}) {
    for (const auto& [name, value] : values) log(name, value, options);
  }

  // Inputs for forward(), whatever its signature, with which the model is summarised and lazy layers are initialised.
  // `self` is *this: it tells whose forward is meant. Forward::real behind the inputs: run the real forward for that.
  // Or override example().
  template <class Self, class... Inputs>
  void example_input(const Self& /*self*/, const Inputs&... inputs) {
    example_ = make_example_input<Self>(inputs...);
  }
  virtual ExampleInput example() { return example_; }
  // What weigh::describe() tells with these inputs, which weigh::summarize(module) uses; nothing where there are none.
  std::optional<Model> describe_example(DescribeOptions options, const Placement& placement = {});

  // Strings of one's own in a checkpoint.
  virtual void on_save_checkpoint(std::map<std::string, std::string>& /*state*/) {}
  virtual void on_load_checkpoint(const std::map<std::string, std::string>& /*state*/) {}

  // The trainer that runs this module. Throws weigh::Error(usage) where none does.
  Trainer& trainer() const;
  bool has_trainer() const { return trainer_ != nullptr; }
  std::int64_t current_epoch() const;
  std::int64_t global_step() const;
  torch::Device device() const;

 protected:
  // Of the class that a message should name: "Net".
  std::string type() const;
  [[noreturn]] void fail(const std::string& message) const;
  // For optimisation by hand. Throw weigh::Error(usage) where configure_optimizers() returned no such one. The
  // scheduler is counted over all optimizers. `retain_graph`: another backward goes through the same values.
  LightningOptimizer optimizer(std::size_t index = 0) const;
  Scheduler& lr_scheduler(std::size_t index = 0) const;
  void manual_backward(const torch::Tensor& loss, bool retain_graph = false);
  [[nodiscard]] ToggledOptimizer toggle_optimizer(const LightningOptimizer& optimizer) const;
  void clip_gradients(const LightningOptimizer& optimizer, double gradient_clip_val,
                      ClipAlgorithm algorithm = ClipAlgorithm::norm) const;
  // For hooks: goes on with the next epoch after the batch at hand; in on_train_batch_start, without it.
  void skip_rest_of_epoch();

 private:
  friend class Trainer;
  friend struct Session;

  // The functions of LightningModule<Batch> for a batch whose type is not known here.
  virtual torch::Tensor step(Stage stage, const AnyBatch& batch, std::int64_t batch_idx) = 0;
  virtual void batch_start(Stage stage, const AnyBatch& batch, std::int64_t batch_idx) = 0;
  virtual void batch_end(Stage stage, const torch::Tensor& output, const AnyBatch& batch, std::int64_t batch_idx) = 0;
  virtual torch::Tensor forward_any(const AnyBatch& batch) = 0;
  virtual void place(const AnyBatch& batch, const Placement& placement) = 0;
  virtual std::int64_t size_of(const AnyBatch& batch) = 0;

  ExampleInput example_;
  Trainer* trainer_ = nullptr;
  bool told_uninitialized_ = false;  // once for each model
};

template <class BatchType = torch::data::Example<>>
class LightningModule : public ModuleBase {
 public:
  using Batch = BatchType;

  // The loss, a number. An undefined tensor leaves the batch out, where TrainerOptions::allow_no_loss says so.
  virtual torch::Tensor training_step(Batch& batch, std::int64_t batch_idx) = 0;
  virtual torch::Tensor validation_step(Batch& /*batch*/, std::int64_t /*batch_idx*/) {
    throw missing("validation_step");
  }
  virtual torch::Tensor test_step(Batch& /*batch*/, std::int64_t /*batch_idx*/) { throw missing("test_step"); }
  virtual torch::Tensor predict_step(Batch& /*batch*/, std::int64_t /*batch_idx*/) { throw missing("predict_step"); }
  // What training_step does with the model. It lets lazy layers be initialised by the first batch, where there is no
  // example input.
  virtual torch::Tensor forward_batch(Batch& /*batch*/) {
    throw detail::NotOverridden(ErrorKind::unsupported, type(), "forward_batch is not overridden");
  }

  virtual void on_train_batch_start(Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_validation_batch_start(Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_test_batch_start(Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_predict_batch_start(Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  // `output` is what the step returned.
  virtual void on_train_batch_end(const torch::Tensor& /*output*/, Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_validation_batch_end(const torch::Tensor& /*output*/, Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_test_batch_end(const torch::Tensor& /*output*/, Batch& /*batch*/, std::int64_t /*batch_idx*/) {}
  virtual void on_predict_batch_end(const torch::Tensor& /*output*/, Batch& /*batch*/, std::int64_t /*batch_idx*/) {}

 private:
  Error missing(const char* name) const {
    return Error(
        ErrorKind::usage, type(),
        std::string("a loader is given, but ") + name + " is not overridden: override it, or leave out the loader");
  }
  static Batch& in(const AnyBatch& batch) { return *static_cast<Batch*>(batch.data.get()); }

  torch::Tensor step(Stage stage, const AnyBatch& batch, std::int64_t batch_idx) final {
    switch (stage) {
      case Stage::training: return training_step(in(batch), batch_idx);
      case Stage::validation: return validation_step(in(batch), batch_idx);
      case Stage::test: return test_step(in(batch), batch_idx);
      case Stage::predict: break;
    }
    return predict_step(in(batch), batch_idx);
  }
  void batch_start(Stage stage, const AnyBatch& batch, std::int64_t batch_idx) final {
    switch (stage) {
      case Stage::training: return on_train_batch_start(in(batch), batch_idx);
      case Stage::validation: return on_validation_batch_start(in(batch), batch_idx);
      case Stage::test: return on_test_batch_start(in(batch), batch_idx);
      case Stage::predict: return on_predict_batch_start(in(batch), batch_idx);
    }
  }
  void batch_end(Stage stage, const torch::Tensor& output, const AnyBatch& batch, std::int64_t batch_idx) final {
    switch (stage) {
      case Stage::training: return on_train_batch_end(output, in(batch), batch_idx);
      case Stage::validation: return on_validation_batch_end(output, in(batch), batch_idx);
      case Stage::test: return on_test_batch_end(output, in(batch), batch_idx);
      case Stage::predict: return on_predict_batch_end(output, in(batch), batch_idx);
    }
  }
  torch::Tensor forward_any(const AnyBatch& batch) final { return forward_batch(in(batch)); }
  void place(const AnyBatch& batch, const Placement& placement) final {
    if (placement.is_plain()) return;
    if (!detail::visit_tensors(in(batch), [&](torch::Tensor& tensor) { placement.apply(tensor); }))
      fail(std::string("a batch (") + c10::demangle(typeid(Batch).name()) +
           ") has a part whose tensors are not known, so that it cannot be moved to the device or precision of the "
           "trainer: write for_each_tensor(batch, visit) for it (weigh/lightning/batch.h)");
  }
  std::int64_t size_of(const AnyBatch& batch) final { return detail::size_of_batch(in(batch)); }
};

}  // namespace weigh::lightning
