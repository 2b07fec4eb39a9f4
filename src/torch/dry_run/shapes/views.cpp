// Views that models make by the thousand, each of which libtorch makes by operators within operators.
#include <utility>

#include <ATen/WrapDimUtils.h>

#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

// As at::as_strided(): what is marked stays marked.
at::Tensor view_of(const at::Tensor& x, c10::IntArrayRef sizes, c10::IntArrayRef strides, std::int64_t offset) {
  at::Tensor view = at::detail::make_tensor<c10::TensorImpl>(c10::TensorImpl::VIEW, c10::Storage(x.storage()),
                                                             x.key_set(), x.dtype());
  view.unsafeGetTensorImpl()->set_storage_offset(offset);
  view.unsafeGetTensorImpl()->set_sizes_and_strides(sizes, strides);
  return view;
}

at::Tensor transposed(const at::Tensor& x, std::int64_t first, std::int64_t second) {
  const std::int64_t a = at::maybe_wrap_dim(first, x.dim());
  const std::int64_t b = at::maybe_wrap_dim(second, x.dim());
  Sizes sizes = x.sizes().vec();
  Sizes strides = x.strides().vec();
  if (a != b) {
    std::swap(sizes[static_cast<std::size_t>(a)], sizes[static_cast<std::size_t>(b)]);
    std::swap(strides[static_cast<std::size_t>(a)], strides[static_cast<std::size_t>(b)]);
  }
  return view_of(x, sizes, strides, x.storage_offset());
}

at::Tensor matrix_transposed(const at::Tensor& x) {
  TORCH_CHECK(x.dim() <= 2, "t() expects a tensor with <= 2 dimensions, but self is ", x.dim(), "D");
  return transposed(x, 0, x.dim() < 2 ? 0 : 1);
}

at::Tensor selected(const at::Tensor& x, std::int64_t dim, std::int64_t index) {
  if (x.dim() == 0) TORCH_CHECK_INDEX(false, "select() cannot be applied to a 0-dim tensor.");
  dim = at::maybe_wrap_dim(dim, x.dim());
  const std::int64_t size = x.size(dim);
  if (index < -size || index >= size)
    TORCH_CHECK_INDEX(false, "select(): index ", index, " out of range for tensor of size ", x.sizes(),
                      " at dimension ", dim);
  Sizes sizes = x.sizes().vec();
  Sizes strides = x.strides().vec();
  const std::int64_t offset = x.storage_offset() + (index < 0 ? index + size : index) * x.stride(dim);
  sizes.erase(sizes.begin() + dim);
  strides.erase(strides.begin() + dim);
  return view_of(x, sizes, strides, offset);
}

std::vector<at::Tensor> unbound(const at::Tensor& x, std::int64_t dim) {
  dim = at::maybe_wrap_dim(dim, x.dim());
  std::vector<at::Tensor> all;
  for (std::int64_t i = 0; i < x.size(dim); ++i) all.push_back(selected(x, dim, i));
  return all;
}

}  // namespace

void add_views(ShapeKernels& kernels) {
  kernels.add("t", TORCH_FN(matrix_transposed));
  kernels.add("transpose", TORCH_FN(transposed), "int");
  kernels.add("select", TORCH_FN(selected), "int");
  kernels.add("unbind", TORCH_FN(unbound), "int");
}

}  // namespace weigh::dry_run
