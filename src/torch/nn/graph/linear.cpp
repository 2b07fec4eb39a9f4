#include "weigh/torch/graph/linear.h"

#include <cmath>
#include <string>

#include "nn/graph/initial.h"
#include "nn/text.h"

namespace weigh::nn {
namespace {

void draw_weight(torch::Tensor& weight, WeightInitializer initializer) {
  const auto fan_in = static_cast<double>(weight.size(1));
  switch (initializer) {
    case WeightInitializer::glorot: return graph::glorot(weight);
    case WeightInitializer::kaiming_uniform: {
      const double a = std::sqrt(5.0);
      const double bound = std::sqrt(6 / ((1 + a * a) * fan_in));
      torch::nn::init::uniform_(weight, -bound, bound);
      return;
    }
    case WeightInitializer::uniform: {
      const double bound = 1 / std::sqrt(fan_in);
      torch::nn::init::uniform_(weight, -bound, bound);
      return;
    }
  }
}

}  // namespace

LinearImpl::LinearImpl(const LinearOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
  reset_parameters();
}

void LinearImpl::reset() {
  const bool is_lazy = options.in_channels() <= 0;
  weight = is_lazy ? declare_parameter("weight")
                   : register_parameter("weight", torch::empty({options.out_channels(), options.in_channels()}));
  // What a lazy layer holds until its first forward must not depend on what the memory held before.
  if (options.bias()) bias = register_parameter("bias", torch::zeros({options.out_channels()}));
}

void LinearImpl::reset_parameters() {
  if (is_uninitialized(weight)) return;
  draw_weight(weight, options.weight_initializer());
  if (!bias.defined()) return;
  if (options.bias_initializer() == BiasInitializer::zeros) {
    torch::nn::init::zeros_(bias);
    return;
  }
  const double bound = 1 / std::sqrt(static_cast<double>(weight.size(1)));
  torch::nn::init::uniform_(bias, -bound, bound);
}

void LinearImpl::initialize_parameters(const torch::Tensor& x) {
  materialize(weight, {options.out_channels(), x.size(-1)});
}

std::vector<KnownSize> LinearImpl::known_sizes(const std::string& name) const {
  if (name != "weight") return {};
  const bool is_shared = !options.shared_input().empty();
  return {options.out_channels(), is_shared ? KnownSize(options.shared_input(), true) : KnownSize("in")};
}

torch::Tensor LinearImpl::forward(const torch::Tensor& x) {
  ForwardScope scope(*this, x);
  if (x.dim() == 0) fail("expected an input of at least one dimension, got a scalar");
  infer(x);
  if (x.size(-1) != weight.size(1))
    fail("has in_channels=" + std::to_string(weight.size(1)) + ", got an input of shape " + to_text(x.sizes()) +
         ", whose last dimension is " + std::to_string(x.size(-1)));
  return scope.returns(torch::linear(x, weight, bias));
}

void LinearImpl::pretty_print(std::ostream& stream) const {
  stream << "weigh::nn::Linear(" << size_or_unknown(weight, 1) << ", " << options.out_channels()
         << ", bias=" << std::boolalpha << options.bias() << ")";
}

}  // namespace weigh::nn
