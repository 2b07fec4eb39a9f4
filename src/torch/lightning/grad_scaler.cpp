#include "weigh/lightning/grad_scaler.h"

#include <cmath>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh::lightning {

GradScaler::GradScaler(Options options) : options_(options), scale_(options.init_scale) {
  if (options.growth_factor > 1 && options.backoff_factor < 1 && options.init_scale > 0 && options.growth_interval > 0)
    return;
  throw Error(
      ErrorKind::usage, "GradScaler",
      fmt::format("init_scale {}, growth_factor {}, backoff_factor {}, growth_interval {}: the scale is above 0, "
                  "grows by a factor above 1 and shrinks by one below",
                  options.init_scale, options.growth_factor, options.backoff_factor, options.growth_interval));
}

// A loss of 16 bits would not hold it.
torch::Tensor GradScaler::scale(const torch::Tensor& loss) const {
  return (loss.scalar_type() == torch::kFloat64 ? loss : loss.to(torch::kFloat32)) * scale_;
}

bool GradScaler::unscale(const std::vector<torch::Tensor>& parameters) const {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> on_gpu;  // one kernel for all; libtorch 1.13 has it for GPUs alone
  bool all_finite = true;
  const double inverse = 1 / scale_;
  for (const torch::Tensor& parameter : parameters) {
    torch::Tensor gradient = parameter.grad();
    if (!gradient.defined()) continue;
    if (gradient.is_cuda() && gradient.layout() == torch::kStrided) {
      on_gpu.push_back(gradient);
    } else {
      gradient.mul_(inverse);
      const torch::Tensor values = gradient.is_sparse() ? gradient._values() : gradient;
      all_finite = all_finite && torch::isfinite(values).all().item<bool>();
    }
  }
  if (on_gpu.empty()) return all_finite;
  const auto options = on_gpu[0].options().dtype(torch::kFloat32);
  torch::Tensor found = torch::zeros({1}, options);
  at::_amp_foreach_non_finite_check_and_unscale_(on_gpu, found, torch::full({1}, inverse, options));
  return all_finite && found.item<float>() == 0;
}

void GradScaler::update(bool all_finite) {
  if (!all_finite) {
    scale_ *= options_.backoff_factor;
    growth_tracker_ = 0;
    return;
  }
  if (++growth_tracker_ < options_.growth_interval) return;
  growth_tracker_ = 0;
  const double grown = scale_ * options_.growth_factor;
  if (std::isfinite(static_cast<float>(grown))) scale_ = grown;  // it multiplies numbers of 32 bits
}

std::map<std::string, double> GradScaler::state() const {
  return {{"scale", scale_}, {"growth_tracker", static_cast<double>(growth_tracker_)}};
}

void GradScaler::load_state(const std::map<std::string, double>& state) {
  scale_ = state.at("scale");
  growth_tracker_ = static_cast<std::int64_t>(state.at("growth_tracker"));
}

}  // namespace weigh::lightning
