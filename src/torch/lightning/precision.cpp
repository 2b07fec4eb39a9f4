// Devices and dtypes of a run: Lightning's plugins/precision.
#include <ATen/autocast_mode.h>
#include <torch/version.h>

#include "lightning/session.h"

namespace weigh::lightning {
namespace {

void set_autocast(torch::DeviceType device, at::ScalarType dtype, bool enabled) {
#if TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 4)
  if (enabled) at::autocast::set_autocast_dtype(device, dtype);
  at::autocast::set_autocast_enabled(device, enabled);
#else
  if (device == torch::kCPU) {
    if (enabled) at::autocast::set_autocast_cpu_dtype(dtype);
    at::autocast::set_cpu_enabled(enabled);
  } else {
    if (enabled) at::autocast::set_autocast_gpu_dtype(dtype);
    at::autocast::set_enabled(enabled);
  }
#endif
}

bool is_mixed(Precision precision) { return precision == Precision::bf16 || precision == Precision::f16; }

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

void settle_precision(Session& session) {
  TrainerOptions& options = session.options;
  if (options.precision == Precision::f16 && !options.device.is_cuda()) {
    options.precision = Precision::bf16;
    session.trainer.add_note(
        {"precision", "Trainer", "precision f16 (16-mixed) needs a GPU; bf16 (bf16-mixed) is used in its place"});
  }
  session.scaler = options.grad_scaler;
  if (options.precision == Precision::f16 && !session.scaler) session.scaler = std::make_shared<GradScaler>();
}

PrecisionScope::PrecisionScope(const Session& session)
    : precision_(session.options.precision), device_(session.options.device.type()) {
  if (precision_ == Precision::f64) torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kFloat64));
  if (!is_mixed(precision_)) return;
  at::autocast::increment_nesting();
  set_autocast(device_, precision_ == Precision::f16 ? torch::kHalf : torch::kBFloat16, true);
}

PrecisionScope::~PrecisionScope() {
  if (precision_ == Precision::f64) torch::set_default_dtype(c10::scalarTypeToTypeMeta(torch::kFloat32));
  if (!is_mixed(precision_)) return;
  set_autocast(device_, torch::kBFloat16, false);
  if (at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
}

}  // namespace weigh::lightning
