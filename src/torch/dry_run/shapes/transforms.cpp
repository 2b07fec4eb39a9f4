// Fourier transforms: from complex or real numbers to complex ones, and back to real ones.
#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

at::Tensor complex_to_complex(const at::Tensor& x, at::IntArrayRef /*dims*/, std::int64_t /*norm*/, bool /*forward*/) {
  return at::empty(x.sizes(), x.options());
}

std::size_t last_of(const at::Tensor& x, at::IntArrayRef dims) {
  return static_cast<std::size_t>(at::maybe_wrap_dim(dims.back(), x.dim()));
}

// One side of the spectrum of real numbers tells the other.
at::Tensor real_to_complex(const at::Tensor& x, at::IntArrayRef dims, std::int64_t /*norm*/, bool onesided) {
  Sizes sizes = x.sizes().vec();
  if (onesided) sizes[last_of(x, dims)] = sizes[last_of(x, dims)] / 2 + 1;
  return at::empty(sizes, x.options().dtype(c10::toComplexType(x.scalar_type())));
}

at::Tensor complex_to_real(const at::Tensor& x, at::IntArrayRef dims, std::int64_t /*norm*/, std::int64_t last_size) {
  Sizes sizes = x.sizes().vec();
  sizes[last_of(x, dims)] = last_size;
  return at::empty(sizes, x.options().dtype(c10::toRealValueType(x.scalar_type())));
}

}  // namespace

void add_transforms(ShapeKernels& kernels) {
  kernels.add("_fft_c2c", TORCH_FN(complex_to_complex));
  kernels.add("_fft_r2c", TORCH_FN(real_to_complex));
  kernels.add("_fft_c2r", TORCH_FN(complex_to_real));
}

}  // namespace weigh::dry_run
