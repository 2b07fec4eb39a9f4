#include "weigh/torch/lazy_linear.h"

#include <string>

#include "nn/reset.h"
#include "nn/text.h"

namespace weigh::nn {

LazyLinearImpl::LazyLinearImpl(const LazyLinearOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
}

void LazyLinearImpl::reset() {
  weight = declare_parameter("weight");
  bias = options.bias() ? declare_parameter("bias") : register_parameter("bias", {}, false);
}

void LazyLinearImpl::reset_parameters() { reset_weight_and_bias(weight, bias); }

void LazyLinearImpl::initialize_parameters(const torch::Tensor& input) {
  materialize(weight, {options.out_features(), input.size(-1)});
  if (bias.defined()) materialize(bias, {options.out_features()});
}

std::vector<KnownSize> LazyLinearImpl::known_sizes(const std::string& tensor) const {
  if (tensor == "bias") return {options.out_features()};
  return {options.out_features(), "in"};
}

torch::Tensor LazyLinearImpl::forward(const torch::Tensor& input) {
  ForwardScope scope(*this, input);
  if (input.dim() == 0) fail("expected an input of at least one dimension, got a scalar");
  infer(input);
  if (input.size(-1) != weight.size(1))
    fail("initialised with in_features=" + std::to_string(weight.size(1)) + ", but " + got(input));
  return scope.returns(torch::nn::functional::linear(input, weight, bias));
}

void LazyLinearImpl::pretty_print(std::ostream& stream) const {
  stream << "weigh::nn::LazyLinear(in_features=" << size_or_unknown(weight, 1)
         << ", out_features=" << options.out_features() << ", bias=" << std::boolalpha << options.bias() << ")";
}

}  // namespace weigh::nn
