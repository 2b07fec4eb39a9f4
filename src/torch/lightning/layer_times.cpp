#include "lightning/layer_times.h"

#include <algorithm>
#include <optional>

#include <ATen/record_function.h>

#include "dry_run/type_name.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {

thread_local LayerTimes* LayerTimes::current_ = nullptr;

struct LayerTimes::Running : at::ObserverContext {
  Running() = default;  // a backward, within training_step or a forward
  Running(std::uint32_t of, bool begins, double since) : entry(of), is_new(begins), start(since) {}
  std::optional<std::uint32_t> entry;
  bool is_new = false;
  double start = 0;
};

LayerTimes::LayerTimes(Profiler& profiler, const torch::nn::Module& root) : profiler_(profiler) {
  const auto add = [&](const std::string& path, const torch::nn::Module& module) {
    const auto name = [&] { return path.empty() ? std::string("(root)") : path + "  " + dry_run::type_name(module); };
    bool is_new = true;
    for (const auto& parameter : module.named_parameters(false)) {
      if (!parameter.value().defined() || nn::is_uninitialized(parameter.value())) continue;
      if (std::exchange(is_new, false)) layers_.push_back({profiler.entry_of({&module, nullptr}, name, true)});
      owners_.emplace(parameter.value().unsafeGetTensorImpl(), layers_.size() - 1);
    }
  };
  add("", root);
  for (const auto& item : root.named_modules("", false)) add(item.key(), *item.value());
}

LayerTimes::Layer* LayerTimes::layer_of(const torch::Tensor& input, const c10::TensorImpl*& parameter) {
  const auto found = owners_.find(input.unsafeGetTensorImpl());
  if (found == owners_.end()) return nullptr;
  parameter = found->first;
  return &layers_[found->second];
}

LayerTimes::Layer* LayerTimes::layer_of(const c10::IValue& input, const c10::TensorImpl*& parameter) {
  if (input.isTensor()) return layer_of(input.toTensor(), parameter);
  if (!input.isTensorList()) return nullptr;
  for (const torch::Tensor& tensor : input.toTensorVector())
    if (Layer* layer = layer_of(tensor, parameter)) return layer;
  return nullptr;
}

std::unique_ptr<at::ObserverContext> LayerTimes::begin(const at::RecordFunction& function) {
  LayerTimes& self = *current_;
  if (self.is_inside_) return nullptr;
  if (function.scope() == at::RecordScope::BACKWARD_FUNCTION) {
    self.is_inside_ = true;
    return std::make_unique<Running>();
  }
  for (const c10::IValue& input : function.inputs()) {
    const c10::TensorImpl* parameter = nullptr;
    Layer* layer = self.layer_of(input, parameter);
    if (!layer) continue;
    self.is_inside_ = true;
    auto& used = layer->used;
    const bool is_new = used.empty() || std::find(used.begin(), used.end(), parameter) != used.end();
    if (is_new) used.clear();
    used.push_back(parameter);
    return std::make_unique<Running>(layer->entry, is_new, self.profiler_.now());
  }
  return nullptr;
}

void LayerTimes::end(const at::RecordFunction&, at::ObserverContext* context) {
  if (!context) return;
  const auto& running = static_cast<const Running&>(*context);
  LayerTimes& self = *current_;
  self.is_inside_ = false;
  if (running.entry) self.profiler_.record(*running.entry, running.start, self.profiler_.now(), running.is_new);
}

LayerTimes::Watch::Watch(LayerTimes* times) : is_on_(times != nullptr) {
  if (!times) return;
  current_ = times;
  times->is_inside_ = false;
  at::RecordFunctionCallback callback(&LayerTimes::begin, &LayerTimes::end);
  callback.needsInputs(true).scopes({at::RecordScope::FUNCTION, at::RecordScope::BACKWARD_FUNCTION});
  handle_ = at::addThreadLocalCallback(callback);
}

LayerTimes::Watch::~Watch() {
  if (!is_on_) return;
  at::removeCallback(handle_);
  current_ = nullptr;
}

}  // namespace weigh::lightning
