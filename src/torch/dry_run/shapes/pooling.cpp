#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Two = std::tuple<at::Tensor, at::Tensor>;

std::int64_t each(at::IntArrayRef values, std::size_t i) { return values.size() == 1 ? values[0] : values[i]; }

// The last dimensions replaced.
at::Tensor with_last(const at::Tensor& x, at::IntArrayRef last) {
  TORCH_CHECK(x.dim() > static_cast<std::int64_t>(last.size()), "an input of shape ", x.sizes(),
              " has too few dimensions for an output of ", last);
  Sizes sizes = x.sizes().vec();
  std::copy(last.begin(), last.end(), sizes.end() - static_cast<std::ptrdiff_t>(last.size()));
  return at::empty(sizes, x.options());
}

at::Tensor adaptive(const at::Tensor& x, at::IntArrayRef output) { return with_last(x, output); }

// A window must begin inside of the input or its left padding.
std::int64_t pooled(std::int64_t size, std::int64_t kernel, std::int64_t stride, std::int64_t padding,
                    std::int64_t dilation, bool ceil) {
  const std::int64_t room = size + 2 * padding - dilation * (kernel - 1) - 1 + (ceil ? stride - 1 : 0);
  TORCH_CHECK(room >= 0, "a window of ", kernel, " is larger than the padded input of ", size + 2 * padding);
  const std::int64_t windows = room / stride + 1;
  return ceil && (windows - 1) * stride >= size + padding ? windows - 1 : windows;
}

Two max_pool3d(const at::Tensor& x, at::IntArrayRef kernel, at::IntArrayRef stride, at::IntArrayRef padding,
               at::IntArrayRef dilation, bool ceil) {
  if (stride.empty()) stride = kernel;
  Sizes last;
  for (std::size_t i = 0; i < 3; ++i)
    last.push_back(pooled(x.size(x.dim() - 3 + static_cast<std::int64_t>(i)), each(kernel, i), each(stride, i),
                          each(padding, i), each(dilation, i), ceil));
  const at::Tensor values = with_last(x, last);
  return {values, at::empty_like(values, at::kLong)};
}

at::Tensor max_unpool2d(const at::Tensor& x, const at::Tensor& /*indices*/, at::IntArrayRef output) {
  return with_last(x, output);
}

at::Tensor max_unpool3d(const at::Tensor& x, const at::Tensor& /*indices*/, at::IntArrayRef output,
                        at::IntArrayRef /*stride*/, at::IntArrayRef /*padding*/) {
  return with_last(x, output);
}

}  // namespace

void add_pooling(ShapeKernels& kernels) {
  kernels.add("_adaptive_avg_pool2d", TORCH_FN(adaptive));
  kernels.add("_adaptive_avg_pool3d", TORCH_FN(adaptive));
  kernels.add("max_pool3d_with_indices", TORCH_FN(max_pool3d));
  kernels.add("max_unpool2d", TORCH_FN(max_unpool2d));
  kernels.add("max_unpool3d", TORCH_FN(max_unpool3d));
}

}  // namespace weigh::dry_run
