#include "dry_run/observation.h"

#include <algorithm>
#include <exception>

#include <ATen/Parallel.h>
#include <ATen/record_function.h>

#include "dry_run/io_shape.h"
#include "dry_run/outcome.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {
namespace {

std::vector<at::Tensor> tensors_of(at::ArrayRef<c10::IValue> values) {
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& value : values)
    visit_tensors(value, [&](const at::Tensor& tensor) { tensors.push_back(tensor); });
  return tensors;
}

bool is_float(const at::Tensor& tensor) {
  return at::isFloatingType(tensor.scalar_type()) || at::isComplexType(tensor.scalar_type());
}

// What the real kernels of products refuse, and those without data mostly do not see.
void check_one_type(const std::vector<at::Tensor>& inputs) {
  for (const at::Tensor& input : inputs)
    TORCH_CHECK(input.scalar_type() == inputs[0].scalar_type(), "expects tensors of one type, but got ",
                inputs[0].scalar_type(), " and ", input.scalar_type());
}

}  // namespace

Observation::Observation(LiveModel& live, Snapshot& snapshot, const Options& options)
    : live_(live),
      snapshot_(snapshot),
      is_dry_(options.is_dry),
      with_backward_(options.with_backward),
      with_autograd_(options.with_autograd),
      machine_({.is_dry = options.is_dry, .computes_integers = true, .with_autograd = options.with_autograd}),
      calls_(live, owners_),
      charges_(live.model),
      stop_(live.model.modules.size()) {
  // Where every module tells itself, nobody asks whose a parameter is.
  const bool is_script = live.modules.empty();
  owners_.reserve(2 * live.tensors.size());  // and their twins
  machine_.twins().reserve(live.tensors.size());
  for (std::size_t i = 0; i < live.tensors.size() && !is_script; ++i)
    if (!nn::is_uninitialized(live.tensors[i])) own(live.tensors[i], owner_for(live.model.tensors[i].module));
  // What the module holds beside its registered tensors, a transpose of one perhaps, is known by the same memory.
  machine_.twins().when_made([this](const at::Tensor& original, const at::Tensor& twin) {
    if (const Owners::Modules* owners = owners_.of(original))
      for (const Index owner : Owners::Modules(*owners)) own(twin, owner);
    if ((with_backward_ || with_autograd_) && original.requires_grad()) twin.set_requires_grad(true);
    mark(twin);
  });
  if (is_dry_)
    for (const at::Tensor& tensor : live.tensors)
      if (!nn::is_uninitialized(tensor) && !machine_.known().has(tensor) && !machine_.twins().find(tensor).defined())
        machine_.twins().make(tensor);
  for (const at::Tensor& tensor : live.tensors)
    if (!nn::is_uninitialized(tensor) && is_float(tensor)) mark(tensor);
  if (with_autograd_) watch_gradients();
  for (Index i = 0; i < live.modules.size(); ++i) {
    const auto* attention = dynamic_cast<const torch::nn::MultiheadAttentionImpl*>(live.modules[i]);
    if (attention == nullptr) continue;
    attention_widths_.push_back(attention->options.embed_dim());
    auto seen = [&](const at::Tensor& tensor) { return is_dry_ ? machine_.twins().of(tensor) : tensor; };
    calls_.set_attention(i, {{seen(attention->in_proj_weight), seen(attention->q_proj_weight),
                              seen(attention->k_proj_weight), seen(attention->v_proj_weight)},
                             seen(attention->out_proj->weight)});
  }
}

// Within a backward that the forward asks for, operators take parameters without calling their layers.
void Observation::watch_gradients() {
  auto begins = [](const at::RecordFunction&) -> std::unique_ptr<at::ObserverContext> {
    if (auto* run = dynamic_cast<Observation*>(Interceptor::current())) ++run->gradients_;
    return nullptr;
  };
  auto ends = [](const at::RecordFunction&, at::ObserverContext*) {
    if (auto* run = dynamic_cast<Observation*>(Interceptor::current())) --run->gradients_;
  };
  recorded_ = at::addThreadLocalCallback(
      at::RecordFunctionCallback(+begins, +ends).scopes({at::RecordScope::BACKWARD_FUNCTION}));
}

Observation::~Observation() {
  for (const at::Tensor& tensor : live_.tensors)
    if (!nn::is_uninitialized(tensor)) unmark(tensor);
  if (recorded_ != 0) at::removeCallback(recorded_);
}

void Observation::own(const at::Tensor& tensor, Index module) { owners_.add(tensor, module); }

// A MultiheadAttention uses the weights of its child without calling it.
Index Observation::owner_for(Index module) const {
  const Index parent = live_.model.modules[module].parent;
  return parent != kNone && calls_.kind(parent) == LayerKind::attention ? parent : module;
}

void Observation::enter(torch::nn::Module& module, const std::vector<c10::IValue>& inputs) {
  enter(live_.find(module), inputs);
}

void Observation::enter(Index index, const std::vector<c10::IValue>& inputs) {
  const std::lock_guard lock(mutex_);
  if (index == kNone) return;
  const bool is_again = !entered_.empty() && entered_.back().module == index;
  entered_.push_back({index, is_again});
  if (is_again) return;
  stop_.reach(index);
  charges_.enter(index, calls_.follows(last_, index, {}));
  calls_.entered(index, inputs);
  last_ = index;
}

void Observation::leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) {
  leave(live_.find(module), outputs);
}

void Observation::leave(Index index, const std::vector<c10::IValue>& outputs) {
  const std::lock_guard lock(mutex_);
  if (index == kNone) return;
  const bool is_again = !entered_.empty() && entered_.back().module == index && entered_.back().is_again;
  while (!entered_.empty()) {
    const Entered last = entered_.back();
    entered_.pop_back();
    if (last.module == index) break;
  }
  if (is_again) return;
  if (std::uncaught_exceptions() > 0) stop_.cut(index);
  calls_.left(index, outputs);
  charges_.leave(index);
}

void Observation::passed(torch::nn::Module& sequential, const std::vector<c10::IValue>& inputs,
                         const std::vector<c10::IValue>& outputs) {
  const std::lock_guard lock(mutex_);
  if (const Index index = live_.find(sequential); index != kNone) calls_.passed(index, inputs, outputs);
}

torch::Tensor Observation::twin(const torch::Tensor& uninitialized) const {
  const std::lock_guard lock(mutex_);
  return machine_.twins().find(uninitialized);
}

void Observation::fix(const torch::Tensor& uninitialized, torch::IntArrayRef shape, torch::TensorOptions options) {
  const std::lock_guard lock(mutex_);
  at::Tensor twin;
  {
    const Uninterrupted uninterrupted;
    twin = is_dry_ ? at::empty(shape, options.device(at::kMeta)) : at::zeros(shape, options);
    // As small as what layers begin with: a forward that looks at values goes no way that it would seldom go.
    if (!is_dry_ && is_float(twin)) twin.uniform_(-0.1, 0.1);
  }
  if (!is_dry_) machine_.known().add(twin);
  if ((with_backward_ || with_autograd_) && uninitialized.requires_grad()) twin.set_requires_grad(true);
  machine_.twins().set(uninitialized, twin);
  fixed_[uninitialized.unsafeGetTensorImpl()] = {uninitialized, twin, options};
  for (std::size_t i = 0; i < live_.tensors.size(); ++i)
    if (live_.tensors[i].is_same(uninitialized)) own(twin, owner_for(live_.model.tensors[i].module));
}

void Observation::drop(const torch::Tensor& uninitialized) {
  fixed_[uninitialized.unsafeGetTensorImpl()] = {uninitialized, {}, {}};
}

bool Observation::is_dropped(const torch::Tensor& uninitialized) const {
  const auto found = fixed_.find(uninitialized.unsafeGetTensorImpl());
  return found != fixed_.end() && !found->second.twin.defined();
}

at::Tensor Observation::stand_in(const at::Tensor& input) {
  const std::lock_guard lock(mutex_);
  if (!is_dry_ || !input.defined() || machine_.known().has(input)) return input;
  const at::Tensor twin = machine_.twins().find(input);
  return twin.defined() ? twin : machine_.twins().make(input);
}

void Observation::operate(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  const std::lock_guard lock(mutex_);
  const Operator& op = operators_.of(handle);
  const std::size_t number = handle.schema().arguments().size();
  Call call{handle, op, machine_.has_values(handle, op, stack)};
  if (is_dry_ && !call.has_values && quiet_ == 0 && answer_equal(op, stack)) return;
  if (depth_ == 0) failed_in_.clear();
  if (depth_ == 0 && gradients_ == 0) check_defined(call, stack);
  remember_written(call, stack);
  machine_.prepare(op, number, stack, call.has_values);
  if (quiet_ > 0) return run(call, stack);

  const auto values = torch::jit::last(stack, number);
  call.arguments.assign(values.begin(), values.end());
  Operation operation{op, {}, {}, {}};
  for (std::size_t i = 0; i < number; ++i)
    visit_tensors(call.arguments[i], [&](const at::Tensor& tensor) {
      operation.inputs.push_back(machine_.original_of(tensor));
      operation.is_written.push_back(op.is_written[i]);
    });
  const bool is_called_by_layer = depth_ == 0;
  if (is_called_by_layer) {
    behind_ = &op;
    owner_ = calls_.owner_of(op, operation.inputs);
    if (owner_ != kNone && !is_beside()) {
      charges_.reach(owner_, calls_.is_whole(owner_), calls_.follows(last_, owner_, operation.inputs));
      last_ = owner_;
      stop_.reach(owner_);
    }
  }
  run(call, stack);
  operation.outputs = tensors_of(torch::jit::last(stack, handle.schema().returns().size()));
  if (!is_composite(call)) count(op, call.arguments, operation.inputs, operation.outputs);
  if (!is_called_by_layer) return;
  for (const at::Tensor& output : operation.outputs) note_made(output, operation.inputs);
  if (owner_ != kNone) pass_on(operation.inputs, operation.outputs, owner_);
  if (gradients_ == 0 && (owner_ != kNone || !is_elsewhere_)) calls_.operated(operation, owner_);
}

// What comes of it is no one's but the run's; and where it is a shape, other threads are watched for it.
void Observation::note_made(const at::Tensor& output, const std::vector<at::Tensor>& inputs) {
  if (is_dry_) {
    if (output.is_meta()) mark(output);
    return;
  }
  for (const at::Tensor& input : inputs)
    if (storage_of(input) == storage_of(output)) return;
  machine_.known().add(output);
}

bool Observation::operate_elsewhere(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  if (!is_dry_) {
    // libtorch computes an operator of ours by several threads, or the forward has threads of its own.
    if (is_operating_ && at::in_parallel_region()) return false;
    const std::lock_guard lock(mutex_);
    stop(place(), at_thread(handle.schema().name()), "other-thread");
    return false;
  }
  const std::lock_guard lock(mutex_);
  const InterceptGuard intercepted(*this, /*is_home=*/false);
  const at::AutoDispatchBelowADInplaceOrView below_autograd;
  struct Elsewhere {
    bool& is_elsewhere;
    ~Elsewhere() { is_elsewhere = false; }
  } const elsewhere{is_elsewhere_};
  is_elsewhere_ = true;
  operate(handle, stack);
  return true;
}

bool Observation::operate_below_autograd(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  bool is_shaped = false;
  for (const c10::IValue& value : torch::jit::last(stack, handle.schema().arguments().size())) {
    visit_tensors(value, [&](const at::Tensor& tensor) { is_shaped |= tensor.is_meta(); });
    is_shaped |= value.isDevice() && value.toDevice().is_meta();
  }
  return is_shaped && Machine::shape(handle, operators_.of(handle), stack);
}

bool Observation::is_composite(const Call& call) {
  return call.has_values ? call.op.is_composite_of_values : call.op.is_composite;
}

// What a run that computes is about to change. Shapes change nothing.
void Observation::remember_written(const Call& call, const torch::jit::Stack& stack) {
  if (is_dry_ && !call.has_values) return;
  if (call.op.draws) snapshot_.before_draw();
  const auto arguments = torch::jit::last(stack, call.handle.schema().arguments().size());
  for (std::size_t i = 0; i < arguments.size(); ++i)
    if (call.op.is_changed[i])
      visit_tensors(arguments[i], [&](const at::Tensor& tensor) {
        if (!machine_.known().is_made(tensor)) snapshot_.before_write(tensor);
      });
}

void Observation::run(const Call& call, torch::jit::Stack& stack) {
  struct Depth {
    Observation& run;
    int quieter;
    Depth(Observation& run, int quieter) : run(run), quieter(quieter) {
      run.is_operating_ = ++run.depth_ > 0;
      run.quiet_ += quieter;
    }
    ~Depth() {
      run.is_operating_ = --run.depth_ > 0;
      run.quiet_ -= quieter;
    }
  };
  const Depth scope(*this, is_composite(call) ? 0 : 1);
  const std::size_t arguments = call.handle.schema().arguments().size();
  const bool is_shaped = is_dry_ && !call.has_values;
  try {
    if (is_shaped && machine_.apply_values(call.op, arguments, stack)) return;
    if (is_shaped && call.op.needs_values) stop(call.op, "gives what depends on values, which a dry run has not");
    if (is_shaped && call.op.flops != nullptr) check_one_type(tensors_of(torch::jit::last(stack, arguments)));
    machine_.call(call.handle, call.op, stack, call.has_values);
  } catch (const Stopped&) {
    throw;
  } catch (const c10::NotImplementedError&) {
    fail(call.op);
    if (is_dry_) stop(call.op, "has no form that works on shapes alone");
    throw;
  } catch (const c10::Error& error) {
    fail(call.op);
    if (is_dry_ && reads_memory(error)) stop(call.op, "reads values, which a dry run has not");
    throw;
  } catch (...) {
    fail(call.op);
    throw;
  }
}

// Notes which operator it is that threw.
void Observation::fail(const Operator& op) {
  if (failed_in_.empty()) failed_in_ = place() + ", " + op.name;
}

void Observation::check_defined(const Call& call, const torch::jit::Stack& stack) {
  const auto arguments = torch::jit::last(stack, call.handle.schema().arguments().size());
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (!call.op.is_required[i] || !arguments[i].isTensor() || arguments[i].toTensor().defined()) continue;
    fail(call.op);
    TORCH_CHECK(false, "its argument '", call.handle.schema().arguments()[i].name(), "' is an undefined tensor");
  }
}

// Two tensors that are one are equal, and two of different shapes are not. Otherwise it is not known, except that
// MultiheadAttention, which chooses by it between two ways that shape and cost the same, may go the longer one.
bool Observation::answer_equal(const Operator& op, torch::jit::Stack& stack) {
  if (!op.is_equal) return false;
  const at::Tensor a = machine_.seen(stack[stack.size() - 2].toTensor());
  const at::Tensor b = machine_.seen(stack[stack.size() - 1].toTensor());
  const bool is_one =
      a.is_same(b) || (storage_of(a) != nullptr && storage_of(a) == storage_of(b) && a.sizes() == b.sizes() &&
                       a.strides() == b.strides() && a.storage_offset() == b.storage_offset());
  const bool is_attention = a.dim() == 3 && std::find(attention_widths_.begin(), attention_widths_.end(), a.size(2)) !=
                                                attention_widths_.end();
  if (!is_one && a.sizes() == b.sizes() && !is_attention) return false;
  torch::jit::drop(stack, 2);
  stack.emplace_back(is_one);
  return true;
}

void Observation::count(const Operator& op, const std::vector<c10::IValue>& arguments,
                        const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs) {
  Amount amount;
  if (op.flops != nullptr) {
    const Flops flops = op.flops(arguments, outputs[0]);
    amount.flops = flops.forward;
    if (with_backward_) amount.backward_flops = flops.backward;
  }
  for (const at::Tensor& output : outputs) {
    const bool is_view = std::any_of(inputs.begin(), inputs.end(), [&](const at::Tensor& input) {
      return storage_of(input) != nullptr && storage_of(input) == storage_of(output);
    });
    if (!is_view)
      amount.activation_bytes += static_cast<std::uint64_t>(output.numel()) * at::elementSize(output.scalar_type());
  }
  const bool needs_grad =
      with_backward_ && is_dry_ && !with_autograd_ && torch::GradMode::is_enabled() && op.name != "aten::detach" &&
      std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input.requires_grad(); });
  if (needs_grad)
    for (const at::Tensor& output : outputs)
      if (is_float(output)) output.set_requires_grad(true);
  if (is_elsewhere_) {
    charges_.charge_in_tree(amount, owner_ == kNone ? 0 : owner_);
    if (owner_ == kNone) elsewhere_ |= amount;
  } else if (owner_ == kNone) {
    charges_.charge_whoever_runs(amount);
  } else {
    charges_.charge(amount, owner_);
  }
}

// What is made of a layer's parameters alone is the layer's, too.
void Observation::pass_on(const std::vector<at::Tensor>& inputs, const std::vector<at::Tensor>& outputs, Index owner) {
  for (const at::Tensor& input : inputs)
    if (owners_.of(input) == nullptr) return;
  for (const at::Tensor& output : outputs)
    if (owners_.of(output) == nullptr) own(output, owner);
}

std::string Observation::place() const {
  const Index module = owner_ != kNone && depth_ > 0 ? owner_ : charges_.place();
  return live_.place(module);
}

std::string Observation::place_of_failure() const {
  if (!failed_in_.empty()) return failed_in_;
  return behind_ == nullptr ? place() : place() + ", behind " + behind_->name;
}

void Observation::stop(const std::string& place, const std::string& message, const char* code) {
  if (!stop_.tell({code, place, message}, depth_ > 0 ? owner_ : kNone)) return;
  for (const Entered& open : entered_) stop_.cut(open.module);
}

void Observation::stop(const Operator& op, const std::string& why) {
  stop(place(), at_operator(op, why, machine_.known().is_exceeded()));
  throw Stopped(stop_.note()->place, stop_.note()->message);
}

void Observation::stop_at_memory() { stop(place(), at_memory(behind_)); }

std::vector<Run> Observation::finish() {
  charges_.finish();
  return outcome(live_.model, calls_, charges_, elsewhere_, stop_, with_backward_);
}

}  // namespace weigh::dry_run
