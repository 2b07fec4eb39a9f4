// Whether autograd's gradients are those that differences of function values give.
#pragma once

#include <functional>
#include <vector>

#include <torch/torch.h>

namespace weigh::testing {

// The largest |autograd - central difference|, relative to 1 + |difference|, over every element of `inputs`: float64
// leaves that require gradients. `value` gives any tensor; it is summed with weights that differ from element to
// element, so that errors do not cancel.
inline double gradient_error(const std::function<torch::Tensor()>& value, const std::vector<torch::Tensor>& inputs,
                             double step = 1e-6) {
  const auto weighted = [&] {
    const torch::Tensor result = value();
    return (result * torch::linspace(0.5, 1.5, result.numel(), result.options()).view(result.sizes())).sum();
  };
  const std::vector<torch::Tensor> gradients = torch::autograd::grad({weighted()}, inputs);
  double worst = 0;
  const torch::NoGradGuard no_grad;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const torch::Tensor flat = inputs[i].view({-1});
    const torch::Tensor gradient = gradients[i].reshape({-1});
    for (std::int64_t j = 0; j < flat.numel(); ++j) {
      const double before = flat[j].item<double>();
      flat[j] = before + step;
      const double above = weighted().item<double>();
      flat[j] = before - step;
      const double below = weighted().item<double>();
      flat[j] = before;
      const double difference = (above - below) / (2 * step);
      const double error = std::abs(gradient[j].item<double>() - difference) / (1 + std::abs(difference));
      worst = std::max(worst, error);
    }
  }
  return worst;
}

}  // namespace weigh::testing
