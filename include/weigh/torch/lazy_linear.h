// torch::nn::Linear that takes in_features from its first input (PyTorch: torch/nn/modules/linear.py, LazyLinear).
#pragma once

#include <cstdint>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

struct LazyLinearOptions {
  /* implicit */ LazyLinearOptions(std::int64_t out_features) : out_features_(out_features) {}  // NOLINT: as torch's
  TORCH_ARG(std::int64_t, out_features);
  TORCH_ARG(bool, bias) = true;
};

class LazyLinearImpl : public LazyModule<LazyLinearImpl> {
 public:
  explicit LazyLinearImpl(const LazyLinearOptions& options);

  void reset() override;
  void reset_parameters() override;
  void pretty_print(std::ostream& stream) const override;
  void initialize_parameters(const torch::Tensor& input);
  std::vector<KnownSize> known_sizes(const std::string& tensor) const override;

  // [*, in_features] -> [*, out_features]. Throws weigh::Error(usage) for a scalar, and for an input of another width
  // than the first one's.
  torch::Tensor forward(const torch::Tensor& input);

  LazyLinearOptions options;
  torch::Tensor weight;  // [out_features, in_features]
  torch::Tensor bias;    // [out_features], undefined without bias
};

TORCH_MODULE(LazyLinear);

}  // namespace weigh::nn
