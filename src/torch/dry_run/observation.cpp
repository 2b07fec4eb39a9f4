#include "dry_run/observation.h"

#include <algorithm>

#include "dry_run/io_shape.h"

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

bool reads_memory(const c10::Error& error) {
  return std::string_view(error.what_without_backtrace()).find("its data is not allocated yet") !=
         std::string_view::npos;
}

Observation::Observation(LiveModel& live, bool is_dry, bool with_backward,
                         std::function<void(const at::Tensor&)> before_write)
    : live_(live),
      is_dry_(is_dry),
      with_backward_(with_backward),
      before_write_(std::move(before_write)),
      machine_(is_dry),
      calls_(live, owners_),
      charges_(live.model) {
  // Where every module tells itself, nobody asks whose a parameter is.
  const bool is_script = live.modules.empty();
  for (std::size_t i = 0; i < live.tensors.size() && !is_script; ++i)
    if (!nn::is_uninitialized(live.tensors[i])) own(live.tensors[i], owner_for(live.model.tensors[i].module));
  // What the module holds beside its registered tensors, a transpose of one perhaps, is known by the same memory.
  machine_.twins().when_made([this](const at::Tensor& original, const at::Tensor& twin) {
    if (const std::vector<Index>* owners = owners_.of(original))
      for (const Index owner : std::vector<Index>(*owners)) own(twin, owner);
    if (with_backward_ && original.requires_grad()) twin.set_requires_grad(true);
  });
  if (is_dry_)
    for (const at::Tensor& tensor : live.tensors)
      if (!nn::is_uninitialized(tensor) && !machine_.twins().find(tensor).defined()) machine_.twins().make(tensor);
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
  if (index == kNone) return;
  const bool is_again = !entered_.empty() && entered_.back().module == index;
  entered_.push_back({index, is_again});
  if (is_again) return;
  charges_.enter(index, calls_.follows(last_, index, {}));
  calls_.entered(index, inputs);
  last_ = index;
}

void Observation::leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) {
  leave(live_.find(module), outputs);
}

void Observation::leave(Index index, const std::vector<c10::IValue>& outputs) {
  if (index == kNone) return;
  const bool is_again = !entered_.empty() && entered_.back().module == index && entered_.back().is_again;
  while (!entered_.empty()) {
    const Entered last = entered_.back();
    entered_.pop_back();
    if (last.module == index) break;
  }
  if (is_again) return;
  calls_.left(index, outputs);
  charges_.leave(index);
}

void Observation::passed(torch::nn::Module& sequential, const std::vector<c10::IValue>& inputs,
                         const std::vector<c10::IValue>& outputs) {
  if (const Index index = live_.find(sequential); index != kNone) calls_.passed(index, inputs, outputs);
}

torch::Tensor Observation::twin(const torch::Tensor& uninitialized) const {
  return machine_.twins().find(uninitialized);
}

void Observation::fix(const torch::Tensor& uninitialized, torch::IntArrayRef shape, torch::TensorOptions options) {
  at::Tensor twin;
  {
    const Uninterrupted uninterrupted;
    twin = is_dry_ ? at::empty(shape, options.device(at::kMeta)) : at::zeros(shape, options);
  }
  if (with_backward_ && uninitialized.requires_grad()) twin.set_requires_grad(true);
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
  if (!is_dry_ || !input.defined()) return input;
  const at::Tensor twin = machine_.twins().find(input);
  return twin.defined() ? twin : machine_.twins().make(input);
}

void Observation::operate(const c10::OperatorHandle& handle, torch::jit::Stack& stack) {
  const Operator& op = operators_.of(handle);
  const std::size_t number = handle.schema().arguments().size();
  if (is_dry_ && quiet_ == 0 && answer_equal(op, stack)) return;
  if (is_dry_ && op.needs_values) stop(op, "gives what depends on values, which a dry run has not");
  machine_.prepare(op, number, stack);
  if (quiet_ > 0) return run(handle, op, stack);

  const auto values = torch::jit::last(stack, number);
  const std::vector<c10::IValue> arguments(values.begin(), values.end());
  Operation operation{op, {}, {}, {}};
  for (std::size_t i = 0; i < number; ++i)
    visit_tensors(arguments[i], [&](const at::Tensor& tensor) {
      operation.inputs.push_back(tensor);
      operation.is_written.push_back(op.is_written[i]);
      if (!is_dry_ && op.is_changed[i]) before_write_(tensor);
    });
  const bool is_called_by_layer = depth_ == 0;
  if (is_called_by_layer) {
    failed_in_.clear();
    owner_ = calls_.owner_of(op, operation.inputs);
    if (owner_ != kNone) {
      charges_.reach(owner_, calls_.is_whole(owner_), calls_.follows(last_, owner_, operation.inputs));
      last_ = owner_;
    }
  }
  run(handle, op, stack);
  operation.outputs = tensors_of(torch::jit::last(stack, handle.schema().returns().size()));
  if (!op.is_composite) count(op, arguments, operation.inputs, operation.outputs);
  if (!is_called_by_layer) return;
  if (owner_ != kNone) pass_on(operation.inputs, operation.outputs, owner_);
  calls_.operated(operation, owner_);
}

void Observation::run(const c10::OperatorHandle& handle, const Operator& op, torch::jit::Stack& stack) {
  struct Depth {
    int& depth;
    int& quiet;
    int quieter;
    Depth(int& depth, int& quiet, int quieter) : depth(depth), quiet(quiet), quieter(quieter) {
      ++depth;
      quiet += quieter;
    }
    ~Depth() {
      --depth;
      quiet -= quieter;
    }
  };
  const Depth scope(depth_, quiet_, op.is_composite ? 0 : 1);
  try {
    if (is_dry_ && op.flops != nullptr)
      check_one_type(tensors_of(torch::jit::last(stack, handle.schema().arguments().size())));
    machine_.call(handle, op, stack);
  } catch (const Stopped&) {
    throw;
  } catch (const c10::NotImplementedError&) {
    if (is_dry_) stop(op, "has no form that works on shapes alone");
    throw;
  } catch (const c10::Error& error) {
    if (is_dry_ && reads_memory(error)) stop(op, "reads values, which a dry run has not");
    if (failed_in_.empty()) failed_in_ = place() + ", " + op.name;
    throw;
  } catch (...) {
    if (failed_in_.empty()) failed_in_ = place() + ", " + op.name;
    throw;
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
      with_backward_ && is_dry_ && torch::GradMode::is_enabled() && op.name != "aten::detach" &&
      std::any_of(inputs.begin(), inputs.end(), [](const auto& input) { return input.requires_grad(); });
  if (needs_grad)
    for (const at::Tensor& output : outputs)
      if (is_float(output)) output.set_requires_grad(true);
  if (owner_ == kNone) {
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

void Observation::stop(const Operator& op, const std::string& why) const {
  throw Stopped(place(), op.name + " " + why + "; Forward::real runs the real forward instead");
}

std::vector<Run> Observation::finish() {
  charges_.finish();
  std::vector<Run> runs = std::move(calls_.runs());
  std::vector<bool> is_seen;
  for (const Run& run : runs) is_seen.push_back(run.witness == Witness::layer);
  std::vector<bool> has_tensors(runs.size());
  std::vector<bool> was_reached(runs.size());
  for (auto i = static_cast<Index>(runs.size()); i-- > 0;) {
    const Module& module = live_.model.modules[i];
    if (module.first_tensor != kNone) has_tensors[i] = true;
    if (runs[i].calls > 0) was_reached[i] = true;
    if (module.parent == kNone) continue;
    if (has_tensors[i]) has_tensors[module.parent] = true;
    if (was_reached[i]) was_reached[module.parent] = true;
  }
  for (Index i = 0; i < runs.size(); ++i) {
    Charges::Doubt doubt;
    if (!is_seen[i] && was_reached[i]) doubt = charges_.doubt_beside(i);
    if (!is_seen[i] && !has_tensors[i]) doubt = charges_.doubt_within(i, is_seen);
    if (calls_.is_whole(i)) doubt.flops = false;  // no parameterless layer of libtorch has any
    auto sum = [](std::uint64_t known, bool is_doubtful) {
      return is_doubtful ? Count(known) + Count::unknown() : Count(known);
    };
    runs[i].flops = sum(charges_.total(i).flops, doubt.flops);
    runs[i].backward_flops = sum(charges_.total(i).backward_flops, doubt.flops && with_backward_);
    runs[i].activation_bytes = sum(charges_.total(i).activation_bytes, doubt.activations);
  }
  return runs;
}

}  // namespace weigh::dry_run
