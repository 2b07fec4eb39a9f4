// Operators that move pixels: unfolding, shuffling, padding, resampling.
#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

std::int64_t each(at::IntArrayRef values, std::size_t i) { return values.size() == 1 ? values[0] : values[i]; }

std::int64_t windows(std::int64_t size, std::int64_t kernel, std::int64_t dilation, std::int64_t padding,
                     std::int64_t stride) {
  return (size + 2 * padding - dilation * (kernel - 1) - 1) / stride + 1;
}

// [n, c, h, w] -> [n, c * kernel, positions], or the same without n.
at::Tensor im2col(const at::Tensor& x, at::IntArrayRef kernel, at::IntArrayRef dilation, at::IntArrayRef padding,
                  at::IntArrayRef stride) {
  Sizes sizes = x.sizes().vec();
  std::int64_t positions = 1;
  for (std::size_t i = 0; i < 2; ++i)
    positions *= windows(x.size(x.dim() - 2 + static_cast<std::int64_t>(i)), each(kernel, i), each(dilation, i),
                         each(padding, i), each(stride, i));
  TORCH_CHECK(x.dim() >= 3 && positions > 0, "an input of shape ", x.sizes(), " is too small to be unfolded");
  sizes.resize(sizes.size() - 2);
  sizes.back() *= each(kernel, 0) * each(kernel, 1);
  sizes.push_back(positions);
  return at::empty(sizes, x.options());
}

at::Tensor col2im(const at::Tensor& x, at::IntArrayRef output, at::IntArrayRef kernel, at::IntArrayRef /*dilation*/,
                  at::IntArrayRef /*padding*/, at::IntArrayRef /*stride*/) {
  Sizes sizes = x.sizes().vec();
  sizes.pop_back();
  sizes.back() /= each(kernel, 0) * each(kernel, 1);
  sizes.insert(sizes.end(), output.begin(), output.end());
  return at::empty(sizes, x.options());
}

at::Tensor pixel_shuffle(const at::Tensor& x, std::int64_t factor) {
  TORCH_CHECK(x.dim() >= 3 && x.size(-3) % (factor * factor) == 0, "an input of shape ", x.sizes(),
              " cannot be shuffled by ", factor);
  Sizes sizes = x.sizes().vec();
  const std::size_t c = sizes.size() - 3;
  sizes[c] /= factor * factor;
  sizes[c + 1] *= factor;
  sizes[c + 2] *= factor;
  return at::empty(sizes, x.options());
}

at::Tensor pixel_unshuffle(const at::Tensor& x, std::int64_t factor) {
  TORCH_CHECK(x.dim() >= 3 && x.size(-2) % factor == 0 && x.size(-1) % factor == 0, "an input of shape ", x.sizes(),
              " cannot be unshuffled by ", factor);
  Sizes sizes = x.sizes().vec();
  const std::size_t c = sizes.size() - 3;
  sizes[c] *= factor * factor;
  sizes[c + 1] /= factor;
  sizes[c + 2] /= factor;
  return at::empty(sizes, x.options());
}

at::Tensor reflection_pad2d(const at::Tensor& x, at::IntArrayRef padding) {
  Sizes sizes = x.sizes().vec();
  const std::size_t h = sizes.size() - 2;
  TORCH_CHECK(padding[0] < sizes[h + 1] && padding[1] < sizes[h + 1] && padding[2] < sizes[h] && padding[3] < sizes[h],
              "a reflection of ", padding, " is not smaller than the input of shape ", x.sizes());
  sizes[h + 1] += padding[0] + padding[1];
  sizes[h] += padding[2] + padding[3];
  return at::empty(sizes, x.options());
}

// The positions to sample at are [n, …, 2] or [n, …, 3].
at::Tensor grid_sampler(const at::Tensor& x, const at::Tensor& grid, std::int64_t /*interpolation*/,
                        std::int64_t /*padding*/, bool /*align*/) {
  Sizes sizes = {x.size(0), x.size(1)};
  for (std::int64_t i = 1; i + 1 < grid.dim(); ++i) sizes.push_back(grid.size(i));
  return at::empty(sizes, x.options());
}

at::Tensor upsample_nearest3d(const at::Tensor& x, at::OptionalIntArrayRef output,
                              c10::optional<at::ArrayRef<double>> scales) {
  Sizes sizes = {x.size(0), x.size(1)};
  for (std::size_t i = 0; i < 3; ++i) {
    const auto size = static_cast<double>(x.size(static_cast<std::int64_t>(i) + 2));
    sizes.push_back(output ? (*output)[i] : static_cast<std::int64_t>(size * (*scales)[i]));
  }
  return at::empty(sizes, x.options());
}

}  // namespace

void add_images(ShapeKernels& kernels) {
  kernels.add("im2col", TORCH_FN(im2col));
  kernels.add("col2im", TORCH_FN(col2im));
  kernels.add("pixel_shuffle", TORCH_FN(pixel_shuffle));
  kernels.add("pixel_unshuffle", TORCH_FN(pixel_unshuffle));
  kernels.add("reflection_pad2d", TORCH_FN(reflection_pad2d));
  kernels.add("grid_sampler_2d", TORCH_FN(grid_sampler));
  kernels.add("grid_sampler_3d", TORCH_FN(grid_sampler));
  kernels.add("upsample_nearest3d", TORCH_FN(upsample_nearest3d), "vec");
  kernels.add("_upsample_nearest_exact3d", TORCH_FN(upsample_nearest3d), "vec");
}

}  // namespace weigh::dry_run
