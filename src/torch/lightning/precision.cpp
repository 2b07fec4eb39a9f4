// Devices and dtypes of a run: Lightning's plugins/precision.
#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include "lightning/session.h"

namespace weigh::lightning {
namespace {

void set_autocast(bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  for (const auto device : {at::kCPU, at::kCUDA}) {
    if (enabled) at::autocast::set_autocast_dtype(device, at::kBFloat16);
    at::autocast::set_autocast_enabled(device, enabled);
  }
#else
  if (enabled) {
    at::autocast::set_autocast_cpu_dtype(at::kBFloat16);
    at::autocast::set_autocast_gpu_dtype(at::kBFloat16);
  }
  at::autocast::set_cpu_enabled(enabled);
  at::autocast::set_enabled(enabled);
#endif
}

void place_tensor(torch::Tensor& tensor, const Placement& placement) {
  torch::Tensor placed = tensor;
  placement.apply(placed);
  if (!placed.is_same(tensor)) tensor.set_data(placed);
}

}  // namespace

void Placement::apply(torch::Tensor& tensor) const {
  if (!tensor.defined()) return;
  const auto dtype = floating && tensor.is_floating_point() ? *floating : tensor.scalar_type();
  if (tensor.device() == device && tensor.scalar_type() == dtype) return;
  tensor = tensor.to(device, dtype);
}

void place_module(Session& session) {
  const torch::NoGradGuard no_grad;
  for (torch::Tensor& tensor : session.module->parameters()) place_tensor(tensor, session.placement);
  for (torch::Tensor& tensor : session.module->buffers()) place_tensor(tensor, session.placement);
}

PrecisionScope::PrecisionScope(Precision precision) : precision_(precision) {
  if (precision_ == Precision::f64) torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kFloat64));
  if (precision_ != Precision::bf16) return;
  at::autocast::increment_nesting();
  set_autocast(true);
}

PrecisionScope::~PrecisionScope() {
  if (precision_ == Precision::f64) torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kFloat32));
  if (precision_ != Precision::bf16) return;
  set_autocast(false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace weigh::lightning
