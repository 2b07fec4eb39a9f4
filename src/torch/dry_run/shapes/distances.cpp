// Distances and products of matrices.
#include <ATen/ExpandUtils.h>

#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

// […, p, m] and […, r, m] -> […, p, r]
at::Tensor cdist(const at::Tensor& a, const at::Tensor& b, double /*p*/, c10::optional<std::int64_t> /*mode*/) {
  TORCH_CHECK(a.size(-1) == b.size(-1), "points of ", a.size(-1), " and ", b.size(-1), " dimensions have no distance");
  Sizes sizes = at::infer_size(a.sizes().slice(0, static_cast<std::size_t>(a.dim() - 2)),
                               b.sizes().slice(0, static_cast<std::size_t>(b.dim() - 2)));
  sizes.push_back(a.size(-2));
  sizes.push_back(b.size(-2));
  return at::empty(sizes, a.options());
}

at::Tensor pdist(const at::Tensor& x, double /*p*/) {
  return at::empty({x.size(0) * (x.size(0) - 1) / 2}, x.options());
}

at::Tensor addbmm(const at::Tensor& /*x*/, const at::Tensor& a, const at::Tensor& b, const at::Scalar& /*beta*/,
                  const at::Scalar& /*alpha*/) {
  return at::empty({a.size(1), b.size(2)}, a.options());
}

}  // namespace

void add_distances(ShapeKernels& kernels) {
  kernels.add("_cdist_forward", TORCH_FN(cdist));
  kernels.add("_pdist_forward", TORCH_FN(pdist));
  kernels.add("addbmm", TORCH_FN(addbmm));
}

}  // namespace weigh::dry_run
