// Operators whose result is shaped as their input.
#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

at::Tensor same(const at::Tensor& x) { return at::empty_like(x); }

}  // namespace

void add_elementwise(ShapeKernels& kernels) { kernels.add("relu", TORCH_FN(same)); }

}  // namespace weigh::dry_run
