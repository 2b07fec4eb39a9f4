#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Handle = c10::OperatorHandle;
using Stack = torch::jit::Stack;

// Without dimensions: all of them.
Sizes reduced(const at::Tensor& x, at::IntArrayRef dims, bool keep) {
  std::vector<bool> is_gone(static_cast<std::size_t>(x.dim()), dims.empty());
  if (x.dim() > 0)
    for (const std::int64_t dim : dims) is_gone[static_cast<std::size_t>(at::maybe_wrap_dim(dim, x.dim()))] = true;
  Sizes sizes;
  for (std::size_t i = 0; i < is_gone.size(); ++i) {
    if (!is_gone[i]) sizes.push_back(x.size(static_cast<std::int64_t>(i)));
    if (is_gone[i] && keep) sizes.push_back(1);
  }
  return sizes;
}

Sizes dims_of(const c10::IValue& value) {
  if (value.isNone()) return {};
  return value.isInt() ? Sizes{value.toInt()} : value.toIntVector();
}

void to_number(const Handle& op, Stack* stack) {
  give(op, stack, at::empty({}, argument(op, stack, 0).toTensor().options()));
}

// prod(self, dtype), nansum(self, dim, keepdim, dtype)
at::Tensor prod(const at::Tensor& x, c10::optional<at::ScalarType> dtype) {
  const bool counts = at::isIntegralType(x.scalar_type(), /*includeBool=*/true);
  return at::empty({}, x.options().dtype(dtype.value_or(counts ? at::kLong : x.scalar_type())));
}

at::Tensor nansum(const at::Tensor& x, at::OptionalIntArrayRef dims, bool keep, c10::optional<at::ScalarType> dtype) {
  return at::empty(reduced(x, dims.value_or(at::IntArrayRef()), keep),
                   x.options().dtype(dtype.value_or(x.scalar_type())));
}

// (self, dim, correction, keepdim)
at::Tensor spread(const Handle& op, const Stack* stack) {
  const at::Tensor x = argument(op, stack, 0).toTensor();
  const auto options = x.options().dtype(c10::toRealValueType(x.scalar_type()));
  return at::empty(reduced(x, dims_of(argument(op, stack, 1)), argument(op, stack, 3).toBool()), options);
}

void variance(const Handle& op, Stack* stack) { give(op, stack, spread(op, stack)); }

void variance_and_mean(const Handle& op, Stack* stack) {
  const at::Tensor x = argument(op, stack, 0).toTensor();
  const at::Tensor var = spread(op, stack);
  give(op, stack, var, at::empty(var.sizes(), x.options()));
}

using Two = std::tuple<at::Tensor, at::Tensor>;

Two values_and_indices(const at::Tensor& x, std::int64_t dim, bool keep) {
  const at::Tensor values = at::empty(reduced(x, {dim}, keep), x.options());
  return {values, at::empty(values.sizes(), x.options().dtype(at::kLong))};
}

Two kth_value(const at::Tensor& x, std::int64_t /*k*/, std::int64_t dim, bool keep) {
  return values_and_indices(x, dim, keep);
}

at::Tensor logsumexp(const at::Tensor& x, at::IntArrayRef dims, bool keep) {
  return at::empty(reduced(x, dims, keep), x.options());
}

at::Tensor count_nonzero(const at::Tensor& x, at::IntArrayRef dims) {
  return at::empty(reduced(x, dims, false), x.options().dtype(at::kLong));
}

Two aminmax(const at::Tensor& x) {
  const at::Tensor least = at::empty({}, x.options());
  return {least, at::empty_like(least)};
}

}  // namespace

void add_reductions(ShapeKernels& kernels) {
  for (const char* name : {"max", "min", "median", "nanmedian", "trace", "dot", "vdot"})
    kernels.add_boxed<&to_number>(name);
  kernels.add("prod", TORCH_FN(prod));
  kernels.add("nansum", TORCH_FN(nansum));
  kernels.add_boxed<&variance>("var", "correction");
  kernels.add_boxed<&variance>("std", "correction");
  kernels.add_boxed<&variance_and_mean>("var_mean", "correction");
  kernels.add_boxed<&variance_and_mean>("std_mean", "correction");
  kernels.add("median", TORCH_FN(values_and_indices), "dim");
  kernels.add("nanmedian", TORCH_FN(values_and_indices), "dim");
  kernels.add("mode", TORCH_FN(values_and_indices));
  kernels.add("kthvalue", TORCH_FN(kth_value));
  kernels.add("logsumexp", TORCH_FN(logsumexp));
  kernels.add("count_nonzero", TORCH_FN(count_nonzero), "dim_IntList");
  kernels.add("_aminmax", TORCH_FN(aminmax));
}

}  // namespace weigh::dry_run
