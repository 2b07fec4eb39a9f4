#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

at::Tensor index_select(const at::Tensor& x, std::int64_t dim, const at::Tensor& index) {
  TORCH_CHECK_INDEX(index.dim() <= 1, "index_select takes a vector of indices, not one of shape ", index.sizes());
  TORCH_CHECK(index.scalar_type() == at::kLong || index.scalar_type() == at::kInt,
              "indices are of type int32 or int64, not ", index.scalar_type());
  auto sizes = x.sizes().vec();
  if (!sizes.empty()) sizes[static_cast<std::size_t>(at::maybe_wrap_dim(dim, x.dim()))] = index.numel();
  return at::empty(sizes, x.options());
}

}  // namespace

void add_indexing(ShapeKernels& kernels) { kernels.add("index_select", TORCH_FN(index_select)); }

}  // namespace weigh::dry_run
