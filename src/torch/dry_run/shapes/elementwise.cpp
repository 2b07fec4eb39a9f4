// Operators whose result is shaped as their input, or as their inputs broadcast.
#include <ATen/ExpandUtils.h>

#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Handle = c10::OperatorHandle;
using Stack = torch::jit::Stack;

void as_first(const Handle& op, Stack* stack) { give(op, stack, at::empty_like(argument(op, stack, 0).toTensor())); }

void as_first_boolean(const Handle& op, Stack* stack) {
  give(op, stack, at::empty_like(argument(op, stack, 0).toTensor(), at::kBool));
}

void as_first_long(const Handle& op, Stack* stack) {
  give(op, stack, at::empty_like(argument(op, stack, 0).toTensor(), at::kLong));
}

// Of complex numbers, a real one.
void as_first_real(const Handle& op, Stack* stack) {
  const at::Tensor x = argument(op, stack, 0).toTensor();
  give(op, stack, at::empty_like(x, c10::toRealValueType(x.scalar_type())));
}

// The first two tensors among the arguments from `begin`, broadcast; numbers among them count for the type.
at::Tensor broadcast(const Handle& op, const Stack* stack, std::size_t begin) {
  const c10::IValue& a = argument(op, stack, begin);
  const c10::IValue& b = argument(op, stack, begin + 1);
  if (!a.isTensor()) return at::empty_like(b.toTensor(), at::result_type(b.toTensor(), a.toScalar()));
  if (!b.isTensor()) return at::empty_like(a.toTensor(), at::result_type(a.toTensor(), b.toScalar()));
  const at::Tensor& x = a.toTensor();
  const at::Tensor& y = b.toTensor();
  return at::empty(at::infer_size(x.sizes(), y.sizes()), x.options().dtype(at::result_type(x, y)));
}

void broadcast_two(const Handle& op, Stack* stack) { give(op, stack, broadcast(op, stack, 0)); }

void broadcast_boolean(const Handle& op, Stack* stack) {
  give(op, stack, at::empty_like(broadcast(op, stack, 0), at::kBool));
}

// Two real numbers make a complex one.
void broadcast_complex(const Handle& op, Stack* stack) {
  const at::Tensor both = broadcast(op, stack, 0);
  give(op, stack, at::empty_like(both, c10::toComplexType(both.scalar_type())));
}

void where(const Handle& op, Stack* stack) {
  const at::Tensor both = broadcast(op, stack, 1);
  const at::Tensor& condition = argument(op, stack, 0).toTensor();
  give(op, stack, at::empty(at::infer_size(condition.sizes(), both.sizes()), both.options()));
}

void log_sigmoid(const Handle& op, Stack* stack) {
  const at::Tensor x = argument(op, stack, 0).toTensor();
  give(op, stack, at::empty_like(x), at::empty({0}, x.options()));
}

void dropout(const Handle& op, Stack* stack) {
  const at::Tensor x = argument(op, stack, 0).toTensor();
  give(op, stack, at::empty_like(x), at::empty_like(x, at::kBool));
}

void itself(const Handle& op, Stack* stack) { give(op, stack, argument(op, stack, 0).toTensor()); }

void nothing(const Handle& op, Stack* stack) { give(op, stack); }

}  // namespace

void add_elementwise(ShapeKernels& kernels) {
  for (const char* name : {"relu",
                           "hardtanh",
                           "hardswish",
                           "prelu",
                           "_prelu_kernel",
                           "rrelu_with_noise",
                           "logit",
                           "flip",
                           "roll",
                           "_logcumsumexp",
                           "_masked_softmax",
                           "cholesky",
                           "cholesky_inverse",
                           "channel_shuffle",
                           "_standard_gamma",
                           "poisson",
                           "binomial",
                           "linalg_matrix_exp",
                           "celu",
                           "elu",
                           "nan_to_num",
                           "deg2rad",
                           "rad2deg",
                           "_conj_physical",
                           "mvlgamma"})
    kernels.add_boxed<&as_first>(name);
  kernels.add_boxed<&as_first_boolean>("isnan");
  kernels.add_boxed<&as_first_boolean>("logical_not");
  kernels.add_boxed<&as_first_long>("bucketize", "Tensor");
  kernels.add_boxed<&as_first_real>("abs");
  kernels.add_boxed<&as_first_real>("angle");
  kernels.add_boxed<&broadcast_two>("floor_divide");
  for (const char* name : {"__lshift__", "__rshift__", "rsub"}) kernels.add_boxed<&broadcast_two>(name, "Tensor");
  kernels.add_boxed<&broadcast_two>("remainder", "Scalar_Tensor");
  for (const char* name : {"logical_and", "logical_or", "logical_xor"}) kernels.add_boxed<&broadcast_boolean>(name);
  kernels.add_boxed<&broadcast_complex>("complex");
  kernels.add_boxed<&broadcast_complex>("polar");
  kernels.add_boxed<&where>("where", "self");
  kernels.add_boxed<&log_sigmoid>("log_sigmoid_forward");
  kernels.add_boxed<&dropout>("native_dropout");
  for (const char* name : {"abs_", "celu_", "conj_physical_", "deg2rad_", "rad2deg_", "nan_to_num_", "logical_not_",
                           "logical_and_", "logical_or_", "logical_xor_", "mvlgamma_", "polygamma_"})
    kernels.add_boxed<&itself>(name);
  kernels.add_boxed<&nothing>("_cummax_helper");
  kernels.add_boxed<&nothing>("_cummin_helper");
  kernels.add_boxed<&nothing>("_assert_async");
}

}  // namespace weigh::dry_run
