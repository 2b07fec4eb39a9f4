// The few operators that need no shape, and the refusal of all others.
#include <string>
#include <unordered_map>

#include <torch/library.h>

#include "nn/uninitialized_impl.h"

#include "weigh/error.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::nn {

namespace {

// The arguments of one call, found by name: their places differ between overloads and versions.
class Arguments {
 public:
  Arguments(const c10::OperatorHandle& op, const torch::jit::Stack& stack)
      : arguments_(op.schema().arguments()), first_(stack.size() - arguments_.size()), stack_(stack) {}

  const c10::IValue* find(const std::string& name) const {
    for (std::size_t i = 0; i < arguments_.size(); ++i)
      if (arguments_[i].name() == name) return stack_[first_ + i].isNone() ? nullptr : &stack_[first_ + i];
    return nullptr;
  }
  torch::Tensor tensor(const std::string& name) const {
    const c10::IValue* value = find(name);
    return value ? value->toTensor() : torch::Tensor();
  }
  bool is_set(const std::string& name) const {
    const c10::IValue* value = find(name);
    return value && value->toBool();
  }
  // The first tensor without a shape, also in a list.
  torch::Tensor uninitialized() const {
    for (std::size_t i = first_; i < stack_.size(); ++i) {
      if (stack_[i].isTensor() && is_uninitialized(stack_[i].toTensor())) return stack_[i].toTensor();
      if (!stack_[i].isList()) continue;
      for (const c10::IValue& item : stack_[i].toListRef())
        if (item.isTensor() && is_uninitialized(item.toTensor())) return item.toTensor();
    }
    return {};
  }

 private:
  const std::vector<c10::Argument>& arguments_;
  std::size_t first_;
  const torch::jit::Stack& stack_;
};

torch::TensorOptions with(torch::TensorOptions options, const torch::Tensor& other) {
  return options.dtype(other.dtype()).device(other.device());
}

// A copy has no history: where autograd would record one, it is a leaf that requires a gradient as its source does.
torch::Tensor copy_of(const torch::Tensor& source, const torch::TensorOptions& options) {
  torch::Tensor copy = make_uninitialized(options, uninitialized_impl(source)->name());
  const bool differentiable = at::isFloatingType(copy.scalar_type()) || at::isComplexType(copy.scalar_type());
  copy.set_requires_grad(torch::GradMode::is_enabled() && source.requires_grad() && differentiable);
  return copy;
}

c10::IValue convert(const Arguments& arguments) {
  const torch::Tensor self = arguments.tensor("self");
  torch::TensorOptions options = with({}, self);
  if (const torch::Tensor other = arguments.tensor("other"); other.defined()) options = with(options, other);
  if (const c10::IValue* dtype = arguments.find("dtype")) options = options.dtype(dtype->toScalarType());
  if (const c10::IValue* device = arguments.find("device")) options = options.device(device->toDevice());
  if (!is_uninitialized(self)) return self.to(options);
  const bool is_same = options.dtype() == self.dtype() && options.device() == self.device();
  return is_same && !arguments.is_set("copy") ? self : copy_of(self, options);
}

c10::IValue copy(const Arguments& arguments) {
  const torch::Tensor self = arguments.tensor("self");
  return copy_of(self, with({}, self));
}

c10::IValue detach(const Arguments& arguments) {
  const torch::NoGradGuard no_grad;
  return copy(arguments);
}

c10::IValue detach_in_place(const Arguments& arguments) { return arguments.tensor("self").set_requires_grad(false); }

c10::IValue itself(const Arguments& arguments) { return arguments.tensor("self"); }

// Asked by set_data(): a tensor without a shape may become any other, but not the other way round.
c10::IValue may_become(const Arguments& arguments) {
  if (is_uninitialized(arguments.tensor("self"))) return true;
  const TensorName& name = uninitialized_impl(arguments.tensor("from"))->name();
  throw Error(ErrorKind::usage, name.owner,
              name.text() + " is not initialised yet and cannot replace the data of a tensor that is");
}

[[noreturn]] void refuse(const std::string& op, const torch::Tensor& tensor) {
  const TensorName& name = uninitialized_impl(tensor)->name();
  throw Error(ErrorKind::usage, name.owner,
              op + " needs " + name.text() +
                  ", which is not initialised yet; run a forward, load weights or call materialize() first");
}

// How torch::load fills a tensor: it takes the memory of another.
c10::IValue take(const Arguments& arguments) {
  torch::Tensor self = arguments.tensor("self");
  const c10::IValue* source = arguments.find("source");
  if (!is_uninitialized(self) || !source || !source->isTensor()) refuse("aten::set_", arguments.uninitialized());
  self.set_data(source->toTensor());
  return self;
}

using Kernel = c10::IValue (*)(const Arguments&);

const std::unordered_map<std::string, Kernel> kKernels = {
    {"aten::_has_compatible_shallow_copy_type", may_become},
    {"aten::_to_copy", convert},
    {"aten::alias", detach},
    {"aten::clone", copy},
    {"aten::contiguous", itself},
    {"aten::detach", detach},
    {"aten::detach_", detach_in_place},
    {"aten::set_", take},
    {"aten::to", convert},
    {"aten::type_as", convert},
};

void run(const c10::OperatorHandle& op, torch::jit::Stack* stack) {
  const Arguments arguments(op, *stack);
  if (const auto kernel = kKernels.find(op.schema().name()); kernel != kKernels.end()) {
    c10::IValue result = kernel->second(arguments);
    torch::jit::drop(*stack, op.schema().arguments().size());
    stack->push_back(std::move(result));
    return;
  }
  refuse(op.schema().name(), arguments.uninitialized());
}

const torch::Library& fallback() {
  static torch::Library library(torch::Library::IMPL, "_", kUninitializedKey, __FILE__, __LINE__);
  library.fallback(torch::CppFunction::makeFromBoxedFunction<&run>());
  return library;
}

const torch::Library& registered = fallback();

}  // namespace

}  // namespace weigh::nn
