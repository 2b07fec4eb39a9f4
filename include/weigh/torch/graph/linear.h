// The linear layer inside graph layers (torch_geometric/nn/dense/linear.py). As torch::nn::Linear, but it takes
// in_channels from its first input where they are not given, its bias exists before (only the weight is lazy), and its
// initial values can be chosen.
#pragma once

#include <cstdint>
#include <ostream>
#include <string>
#include <vector>

#include <torch/torch.h>

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

// kaiming_uniform: ±1/sqrt(in_channels), as torch::nn::Linear; glorot: ±sqrt(6 / (in_channels + out_channels));
// uniform: ±1/sqrt(in_channels).
enum class WeightInitializer : std::uint8_t { kaiming_uniform, glorot, uniform };
// uniform: ±1/sqrt(in_channels).
enum class BiasInitializer : std::uint8_t { uniform, zeros };

struct LinearOptions {
  LinearOptions(std::int64_t in_channels, std::int64_t out_channels)
      : in_channels_(in_channels), out_channels_(out_channels) {}
  TORCH_ARG(std::int64_t, in_channels);  // not positive: those of the first input
  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(WeightInitializer, weight_initializer) = WeightInitializer::kaiming_uniform;
  TORCH_ARG(BiasInitializer, bias_initializer) = BiasInitializer::uniform;
  // How the layer above calls the width of its input, where that meets several of its layers; for known_sizes().
  TORCH_ARG(std::string, shared_input);
};

class LinearImpl : public LazyModule<LinearImpl> {
 public:
  LinearImpl(std::int64_t in_channels, std::int64_t out_channels)
      : LinearImpl(LinearOptions(in_channels, out_channels)) {}
  explicit LinearImpl(const LinearOptions& options);

  void reset() override;
  // Draws the weight, then the bias; neither while the weight has no shape.
  void reset_parameters() override;
  void pretty_print(std::ostream& stream) const override;
  std::vector<KnownSize> known_sizes(const std::string& name) const override;
  void initialize_parameters(const torch::Tensor& x);

  // [*, in_channels] -> [*, out_channels]. Throws weigh::Error(usage) for an input of another width.
  torch::Tensor forward(const torch::Tensor& x);

  LinearOptions options;
  torch::Tensor weight;  // [out_channels, in_channels]
  torch::Tensor bias;    // [out_channels]; 0 while the weight has no shape; undefined without bias
};

TORCH_MODULE(Linear);

}  // namespace weigh::nn
