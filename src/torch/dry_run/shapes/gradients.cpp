// Backward operators, of a forward that asks for gradients itself: what they give is shaped as what it is the gradient
// of.
#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Handle = c10::OperatorHandle;
using Stack = torch::jit::Stack;
using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

at::Tensor wanted(bool is_wanted, const at::Tensor& of) { return is_wanted ? at::empty_like(of) : at::Tensor(); }

at::Tensor wanted(bool is_wanted, const OptionalTensor& of) {
  return is_wanted && of && of->defined() ? at::empty_like(*of) : at::Tensor();
}

Three convolution_backward(const at::Tensor& /*grad*/, const at::Tensor& input, const at::Tensor& weight,
                           at::OptionalIntArrayRef /*bias*/, at::IntArrayRef /*stride*/, at::IntArrayRef /*padding*/,
                           at::IntArrayRef /*dilation*/, bool transposed, at::IntArrayRef /*output_padding*/,
                           std::int64_t groups, std::array<bool, 3> mask) {
  const std::int64_t channels = transposed ? weight.size(1) * groups : weight.size(0);
  return {wanted(mask[0], input), wanted(mask[1], weight),
          mask[2] ? at::empty({channels}, weight.options()) : at::Tensor()};
}

Three batch_norm_backward(const at::Tensor& /*grad*/, const at::Tensor& input, const OptionalTensor& weight,
                          const OptionalTensor& /*mean*/, const OptionalTensor& /*var*/,
                          const OptionalTensor& /*saved_mean*/, const OptionalTensor& /*saved_var*/, bool /*train*/,
                          double /*eps*/, std::array<bool, 3> mask) {
  return {wanted(mask[0], input), wanted(mask[1], weight), wanted(mask[2], weight)};
}

Three layer_norm_backward(const at::Tensor& /*grad*/, const at::Tensor& input, at::IntArrayRef /*shape*/,
                          const at::Tensor& /*mean*/, const at::Tensor& /*rstd*/, const OptionalTensor& weight,
                          const OptionalTensor& bias, std::array<bool, 3> mask) {
  return {wanted(mask[0], input), wanted(mask[1], weight), wanted(mask[2], bias)};
}

at::Tensor embedding_backward(const at::Tensor& grad, const at::Tensor& /*indices*/, std::int64_t rows,
                              std::int64_t /*padding*/, bool /*scale*/) {
  return at::empty({rows, grad.size(-1)}, grad.options());
}

// The argument with this place is what the gradient is of.
template <std::size_t kOf>
void as_argument(const Handle& op, Stack* stack) {
  give(op, stack, at::empty_like(argument(op, stack, kOf).toTensor()));
}

}  // namespace

void add_gradients(ShapeKernels& kernels) {
  kernels.add("convolution_backward", TORCH_FN(convolution_backward));
  kernels.add("native_batch_norm_backward", TORCH_FN(batch_norm_backward));
  kernels.add("native_layer_norm_backward", TORCH_FN(layer_norm_backward));
  kernels.add("embedding_dense_backward", TORCH_FN(embedding_backward));
  for (const char* name : {"_adaptive_avg_pool2d_backward", "hardtanh_backward", "hardswish_backward",
                           "log_sigmoid_backward", "_prelu_kernel_backward", "_cdist_backward"})
    kernels.add_boxed<&as_argument<1>>(name);
}

}  // namespace weigh::dry_run
