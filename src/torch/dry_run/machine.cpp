#include "dry_run/machine.h"

#include <algorithm>

#include "dry_run/intercept.h"
#include "dry_run/owners.h"

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

// What is as small makes nothing that is large, but where a size is given.
constexpr std::int64_t kFewElements = 1024;

// One that knows no values of floats: a shape that has to be computed first.
c10::IValue without_values(const c10::IValue& value) {
  auto bare = [](const at::Tensor& tensor) {
    return tensor.defined() && !tensor.is_meta() ? Twins::bare(tensor) : tensor;
  };
  if (value.isTensor()) return bare(value.toTensor());
  if (!value.isTensorList()) return value;
  auto tensors = value.toTensorVector();
  for (at::Tensor& tensor : tensors) tensor = bare(tensor);
  return tensors;
}

std::uint64_t bytes_of(at::ArrayRef<c10::IValue> values) {
  std::uint64_t bytes = 0;
  for (const c10::IValue& value : values)
    visit_tensors(value, [&](const at::Tensor& tensor) {
      bytes += static_cast<std::uint64_t>(tensor.numel()) * at::elementSize(tensor.scalar_type());
    });
  return bytes;
}

// Of operators that take the size of what they give from values, how many elements that are at most; -1: as few as
// they take. bincount(self, weights, minlength), repeat_interleave(repeats, output_size).
std::int64_t elements_by_values(const Operator& op, at::ArrayRef<c10::IValue> arguments) {
  const bool counts = op.name == "aten::bincount";
  if (!counts && op.name != "aten::repeat_interleave") return -1;
  const at::Tensor& values = arguments[0].toTensor();
  if (values.numel() == 0 || !at::isIntegralType(values.scalar_type(), /*includeBool=*/false)) return -1;
  const Uninterrupted uninterrupted;
  if (!counts) return values.sum().item<std::int64_t>();
  return std::max(values.max().item<std::int64_t>(), arguments[2].toInt());
}

}  // namespace

at::Tensor Machine::seen(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  // Those of a run are many, and gone soon: none is kept for its twin.
  if (computes_ && !tensor.is_meta() && known_.is_made(tensor) && known_.has(tensor))
    return once_.emplace_back(twins_.make_once(tensor), tensor).first;
  if (at::Tensor twin = twins_.find(tensor); twin.defined()) return twin;
  // A tensor without a shape has a twin as soon as its layer knows it. Before, its own fallback answers.
  return !is_dry_ || nn::is_uninitialized(tensor) ? tensor : twins_.of(tensor);
}

const at::Tensor& Machine::original_of(const at::Tensor& argument) const {
  for (const auto& [twin, original] : once_)
    if (twin.is_same(argument)) return original;
  return argument;
}

bool Machine::has_values(const c10::OperatorHandle& handle, const Operator& op, const torch::jit::Stack& stack) {
  if (!computes_) return false;
  const auto arguments = torch::jit::last(stack, handle.schema().arguments().size());
  bool is_any = false;
  bool is_all = true;
  for (const c10::IValue& argument : arguments) {
    visit_tensors(argument, [&](const at::Tensor& tensor) {
      is_any = true;
      is_all = is_all && known_.has(tensor);
    });
    if (!is_all) break;
  }
  if (is_any ? !is_all && !(op.is_like && makes_integers(op, arguments)) : !makes_integers(op, arguments)) return false;
  return op.is_composite_of_values || is_affordable(handle, op, stack);
}

bool Machine::makes_integers(const Operator& op, at::ArrayRef<c10::IValue> arguments) const {
  if (op.dtype_at < 0) return false;
  const c10::IValue& dtype = arguments[static_cast<std::size_t>(op.dtype_at)];
  if (dtype.isInt()) return at::isIntegralType(dtype.toScalarType(), /*includeBool=*/true);
  if (op.is_like || op.makes != Makes::as_given) return op.makes == Makes::integers;
  return std::all_of(arguments.begin(), arguments.begin() + op.dtype_at,
                     [](const c10::IValue& value) { return !value.isDouble() && !value.isComplexDouble(); });
}

// Asks a shape-only kernel first, where that may be worth it.
bool Machine::is_affordable(const c10::OperatorHandle& handle, const Operator& op, const torch::jit::Stack& stack) {
  const auto arguments = torch::jit::last(stack, handle.schema().arguments().size());
  const bool is_in_place = !op.is_written.empty() && op.is_written[0];
  if (is_in_place || op.is_view) return true;
  std::int64_t elements = 0;
  for (const c10::IValue& argument : arguments)
    visit_tensors(argument, [&](const at::Tensor& tensor) { elements += tensor.numel(); });
  if (const std::int64_t most = elements_by_values(op, arguments); most >= 0)
    return known_.spend(8 * static_cast<std::uint64_t>(most));
  if (!op.is_sized && elements <= kFewElements) return true;
  const bool is_shaped = op.has_meta_kernel || op.shape_kernel != nullptr || op.device_at >= 0;
  if (!is_shaped) return true;
  torch::jit::Stack trial;
  for (const c10::IValue& argument : arguments) trial.push_back(without_values(argument));
  if (op.device_at >= 0) trial[static_cast<std::size_t>(op.device_at)] = c10::Device(at::kMeta);
  if (op.pinned_at >= 0) trial[static_cast<std::size_t>(op.pinned_at)] = c10::IValue();
  try {
    const Uninterrupted uninterrupted;
    if (op.shape_kernel != nullptr) {
      op.shape_kernel->callBoxed(handle, c10::DispatchKeySet(c10::DispatchKey::Meta), &trial);
    } else {
      handle.callBoxed(&trial);
    }
  } catch (const c10::Error&) {
    return true;  // the operator itself tells what is wrong
  }
  return known_.spend(bytes_of(trial));
}

bool Machine::apply_values(const Operator& op, std::size_t arguments, torch::jit::Stack& stack) {
  if (!computes_ || op.by_values == nullptr) return false;
  if (op.by_values(stack, arguments, known_)) return true;
  for (std::size_t i = stack.size() - arguments; i < stack.size(); ++i) stack[i] = replaced(stack[i], false);
  return false;
}

void Machine::prepare(const Operator& op, std::size_t arguments, torch::jit::Stack& stack, bool has_values) {
  const std::size_t first = stack.size() - arguments;
  once_.clear();
  // What floats are written into is no more known.
  if (computes_ && !has_values && !op.is_composite)
    for (std::size_t i = 0; i < arguments; ++i)
      if (op.is_written[i])
        visit_tensors(stack[first + i], [&](const at::Tensor& tensor) {
          if (known_.has(tensor)) known_.lose(tensor);
        });
  if (!has_values)
    for (std::size_t i = first; i < stack.size(); ++i) stack[i] = replaced(stack[i], op.keeps_known);
  if (!is_dry_) return;
  const auto device = has_values ? c10::Device(at::kCPU) : c10::Device(at::kMeta);
  if (op.device_at >= 0) stack[first + static_cast<std::size_t>(op.device_at)] = device;
  if (op.pinned_at >= 0) stack[first + static_cast<std::size_t>(op.pinned_at)] = c10::IValue();
}

c10::IValue Machine::replaced(const c10::IValue& value, bool keep_known) {
  auto replace = [&](const at::Tensor& tensor) {
    return keep_known && computes_ && known_.has(tensor) ? tensor : seen(tensor);
  };
  if (value.isTensor()) return replace(value.toTensor());
  if (value.isTensorList()) {
    auto tensors = value.toTensorVector();
    for (at::Tensor& tensor : tensors) tensor = replace(tensor);
    return tensors;
  }
  if (value.isList() && value.toList().elementType()->kind() == c10::TypeKind::OptionalType) {
    c10::List<c10::optional<at::Tensor>> tensors;
    for (const c10::IValue& item : value.toListRef()) {
      if (!item.isTensor() && !item.isNone()) return value;
      tensors.push_back(item.isTensor() ? c10::optional<at::Tensor>(replace(item.toTensor())) : c10::nullopt);
    }
    return tensors;
  }
  return value;
}

void Machine::call(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack, bool has_values) {
  if (has_values) return compute(handle, op, stack);
  if (is_dry_ && make_vector(op, stack, handle.schema().arguments().size())) return;
  // The parts of a view are views, which work on shapes: no need to see them.
  const bool is_of_parts = op.is_shaped_by_parts && op.shape_kernel == nullptr && !op.is_view;
  if (op.is_composite || (is_dry_ && !with_autograd_ && is_of_parts)) {
    call_with_parts_intercepted(handle, stack);
    return;
  }
  const Uninterrupted uninterrupted;
  if (!is_dry_ || with_autograd_ || !shape(handle, op, stack)) handle.callBoxed(&stack);
}

bool Machine::shape(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack) {
  if (op.shape_kernel != nullptr) {
    op.shape_kernel->callBoxed(handle, c10::DispatchKeySet(c10::DispatchKey::Meta), &stack);
  } else if (op.returns_self) {
    torch::jit::drop(stack, handle.schema().arguments().size() - 1);
  } else {
    return false;
  }
  return true;
}

void Machine::compute(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack) {
  if (op.is_composite_of_values) return call_with_parts_intercepted(handle, stack);
  const auto given = torch::jit::last(stack, handle.schema().arguments().size());
  const std::vector<c10::IValue> arguments(given.begin(), given.end());
  {
    const Uninterrupted uninterrupted;
    handle.callBoxed(&stack);
  }
  auto is_given = [&](const at::Tensor& made) {
    bool found = false;
    for (const c10::IValue& argument : arguments)
      visit_tensors(argument, [&](const at::Tensor& tensor) { found |= storage_of(tensor) == storage_of(made); });
    return found;
  };
  for (const c10::IValue& result : torch::jit::last(stack, handle.schema().returns().size()))
    visit_tensors(result, [&](const at::Tensor& made) {
      if (!is_given(made)) known_.add(made);
    });
}

}  // namespace weigh::dry_run
