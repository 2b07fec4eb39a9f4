#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

// One size for all dimensions may stand for one for each.
std::int64_t at_dimension(at::IntArrayRef values, std::size_t i) { return values.size() == 1 ? values[0] : values[i]; }

void check(const at::Tensor& x, const at::Tensor& weight, bool transposed, std::int64_t groups) {
  TORCH_CHECK(x.dim() == weight.dim(), "expected an input of ", weight.dim(), " dimensions for a weight of shape ",
              weight.sizes(), ", but got one of shape ", x.sizes());
  const std::int64_t channels = transposed ? weight.size(0) : weight.size(1) * groups;
  TORCH_CHECK(x.size(1) == channels, "a weight of shape ", weight.sizes(), " in ", groups, " group(s) takes ", channels,
              " channels, but the input of shape ", x.sizes(), " has ", x.size(1));
}

// Dumoulin and Visin, A guide to convolution arithmetic for deep learning, relationships 6 and 14 with dilation.
at::Tensor convolution(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& /*bias*/,
                       at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation, bool transposed,
                       at::IntArrayRef output_padding, std::int64_t groups) {
  check(x, weight, transposed, groups);
  std::vector<std::int64_t> sizes = {x.size(0), transposed ? weight.size(1) * groups : weight.size(0)};
  for (std::size_t i = 0; i + 2 < static_cast<std::size_t>(x.dim()); ++i) {
    const auto d = static_cast<std::int64_t>(i) + 2;
    const std::int64_t reach = at_dimension(dilation, i) * (weight.size(d) - 1);
    const std::int64_t pads = 2 * at_dimension(padding, i);
    if (transposed) {
      sizes.push_back((x.size(d) - 1) * at_dimension(stride, i) - pads + reach + at_dimension(output_padding, i) + 1);
    } else {
      TORCH_CHECK(x.size(d) + pads > reach, "the kernel of size ", reach + 1,
                  " is larger than the padded input of size ", x.size(d) + pads, " in dimension ", d);
      sizes.push_back((x.size(d) + pads - reach - 1) / at_dimension(stride, i) + 1);
    }
    TORCH_CHECK(sizes.back() > 0, "an input of shape ", x.sizes(), " is too small for this convolution");
  }
  return at::empty(sizes, x.options());
}

// What torch.jit.trace() records.
at::Tensor recorded_convolution(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias,
                                at::IntArrayRef stride, at::IntArrayRef padding, at::IntArrayRef dilation,
                                bool transposed, at::IntArrayRef output_padding, std::int64_t groups,
                                bool /*benchmark*/, bool /*deterministic*/, bool /*cudnn*/, bool /*tf32*/) {
  return dry_run::convolution(x, weight, bias, stride, padding, dilation, transposed, output_padding, groups);
}

}  // namespace

void add_convolutions(ShapeKernels& kernels) {
  kernels.add("convolution", TORCH_FN(convolution));
  kernels.add("_convolution", TORCH_FN(recorded_convolution));
}

}  // namespace weigh::dry_run
