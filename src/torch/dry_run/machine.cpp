#include "dry_run/machine.h"

#include "dry_run/intercept.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {
namespace {

// at::empty() of a vector may be filled by pointer. What is larger than this is not written out in a program.
constexpr std::int64_t kLongestVector = std::int64_t{1} << 20;

bool make_vector(const Operator& op, torch::jit::Stack& stack, std::size_t arguments) {
  if (!op.is_plain_empty) return false;
  const auto values = torch::jit::last(stack, arguments);
  if (!values[0].isIntList() || values[0].toIntVector().size() != 1) return false;
  const std::int64_t size = values[0].toIntVector()[0];
  const bool is_strided = values[2].isNone() || values[2].toLayout() == at::kStrided;
  if (size < 0 || size > kLongestVector || !is_strided) return false;
  const auto dtype = values[1].isNone() ? at::get_default_dtype_as_scalartype() : values[1].toScalarType();
  torch::jit::drop(stack, arguments);
  stack.emplace_back(empty_vector(size, dtype));
  return true;
}

}  // namespace

at::Tensor Machine::seen(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  if (at::Tensor twin = twins_.find(tensor); twin.defined()) return twin;
  // A tensor without a shape has a twin as soon as its layer knows it. Before, its own fallback answers.
  return !is_dry_ || nn::is_uninitialized(tensor) ? tensor : twins_.of(tensor);
}

void Machine::prepare(const Operator& op, std::size_t arguments, torch::jit::Stack& stack) {
  const std::size_t first = stack.size() - arguments;
  for (std::size_t i = first; i < stack.size(); ++i) stack[i] = replaced(stack[i]);
  if (!is_dry_) return;
  if (op.device_at >= 0) stack[first + static_cast<std::size_t>(op.device_at)] = c10::Device(at::kMeta);
  if (op.pinned_at >= 0) stack[first + static_cast<std::size_t>(op.pinned_at)] = c10::IValue();
}

c10::IValue Machine::replaced(const c10::IValue& value) {
  if (value.isTensor()) return seen(value.toTensor());
  if (value.isTensorList()) {
    auto tensors = value.toTensorVector();
    for (at::Tensor& tensor : tensors) tensor = seen(tensor);
    return tensors;
  }
  if (value.isList() && value.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
    c10::List<c10::optional<at::Tensor>> tensors;
    for (const c10::IValue& item : value.toListRef()) {
      if (!item.isTensor() && !item.isNone()) return value;
      tensors.push_back(item.isTensor() ? c10::optional<at::Tensor>(seen(item.toTensor())) : c10::nullopt);
    }
    return tensors;
  }
  return value;
}

void Machine::call(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack) const {
  const std::size_t arguments = handle.schema().arguments().size();
  if (is_dry_ && make_vector(op, stack, arguments)) return;
  if (op.is_composite || (is_dry_ && op.is_shaped_by_parts && op.shape_kernel == nullptr)) {
    call_with_parts_intercepted(handle, stack);
    return;
  }
  const Uninterrupted uninterrupted;
  if (is_dry_ && op.shape_kernel != nullptr) {
    op.shape_kernel->callBoxed(handle, c10::DispatchKeySet(c10::DispatchKey::Meta), &stack);
  } else if (is_dry_ && op.returns_self) {
    torch::jit::drop(stack, arguments - 1);
  } else {
    handle.callBoxed(&stack);
  }
}

}  // namespace weigh::dry_run
