#include "dry_run/forward_run.h"

#include <exception>
#include <optional>
#include <typeinfo>

#include <fmt/format.h>

#include "dry_run/containers.h"
#include "dry_run/known_parents.h"
#include "dry_run/observation.h"
#include "dry_run/snapshot.h"

#include "weigh/error.h"

namespace weigh {
namespace {

thread_local dry_run::Observation* current_run = nullptr;

struct RunGuard {
  explicit RunGuard(dry_run::Observation& run) { current_run = &run; }
  ~RunGuard() { current_run = nullptr; }
  RunGuard(const RunGuard&) = delete;
  RunGuard& operator=(const RunGuard&) = delete;
};

}  // namespace

namespace detail {

at::Tensor stand_in_tensor(const at::Tensor& tensor) {
  return current_run == nullptr ? tensor : current_run->stand_in(tensor);
}

}  // namespace detail

namespace dry_run {
namespace {

// libtorch's messages end in a trace of its stack.
std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// A likely cause of whatever a forward threw.
std::string undefined_among(const std::vector<c10::IValue>& inputs) {
  std::string text;
  for (std::size_t i = 0; i < inputs.size(); ++i)
    if (inputs[i].isTensor() && !inputs[i].toTensor().defined())
      text += fmt::format("; input {} of the forward is an undefined tensor", i + 1);
  return text;
}

// Modules in the order of the model, once each; they are not const where the forward runs.
std::vector<torch::nn::Module*> mutable_modules(const LiveModel& live) {
  std::vector<torch::nn::Module*> modules;
  for (std::size_t i = 0; i < live.modules.size(); ++i)
    if (live.model.modules[i].alias_of == kNone)
      modules.push_back(const_cast<torch::nn::Module*>(live.modules[i]));  // NOLINT: the root was given as not const
  return modules;
}

std::vector<at::Tensor> tensors_in(const std::vector<c10::IValue>& values) {
  std::vector<at::Tensor> tensors;
  for (const c10::IValue& value : values) {
    c10::IValue::HashAliasedIValues seen;
    value.getSubValues(seen);
    for (const c10::IValue& item : seen)
      if (item.isTensor() && item.toTensor().defined()) tensors.push_back(item.toTensor());
  }
  return tensors;
}

// What the forward sees: no autograd in a dry run, where graphs would only cost; but the mode in which a gradient would
// be recorded, if its cost is asked for. A forward that asks for gradients itself sees what its caller sees.
class Circumstances {
 public:
  explicit Circumstances(const Observation::Options& options)
      : grad_mode_(options.with_autograd ? torch::GradMode::is_enabled() : options.is_dry && options.with_backward) {
    if (options.is_dry && !options.with_autograd) below_autograd_.emplace();
    if (options.is_dry && options.with_autograd) shaped_below_.emplace();
  }

 private:
  torch::AutoGradMode grad_mode_;
  std::optional<at::AutoDispatchBelowADInplaceOrView> below_autograd_;
  std::optional<BelowAutograd> shaped_below_;
};

// Whether the forward asks for the gradient of what has none, because none was recorded.
bool lacks_gradients(const std::string& message) {
  return message.find("does not require grad") != std::string::npos ||
         message.find("not have been used in the graph") != std::string::npos;
}

}  // namespace

ForwardRun::ForwardRun(torch::nn::Module& root) : root_(&root), live_(root), modules_(mutable_modules(live_)) {}
ForwardRun::ForwardRun(const torch::jit::Module& root) : live_(root) {}

void ForwardRun::watch(const std::vector<c10::IValue>& inputs, const std::function<c10::IValue()>& forward,
                       const DescribeOptions& options) {
  auto run = [&](Observation& observation) {
    root_->eval();
    const ContainersWatched containers(modules_, observation);
    observation.enter(*root_, inputs);
    const c10::IValue outputs = forward();
    observation.leave(*root_, {outputs});
  };
  watch(inputs, run, options);
}

void ForwardRun::watch(const std::vector<c10::IValue>& inputs, const std::function<void(Observation&)>& run,
                       const DescribeOptions& options) {
  if (current_run != nullptr)
    throw Error(ErrorKind::usage, live_.model.architecture, "a forward is being watched on this thread already");
  if (!watch_once(inputs, run, options, /*with_autograd=*/false)) watch_once(inputs, run, options, true);
}

// False where the forward has to be run with gradients, and nothing came of it.
bool ForwardRun::watch_once(const std::vector<c10::IValue>& inputs, const std::function<void(Observation&)>& run,
                            const DescribeOptions& options, bool with_autograd) {
  const bool is_dry = options.forward == Forward::dry;
  const Observation::Options seen{is_dry, options.with_backward, with_autograd};
  Snapshot snapshot(modules_, live_.tensors, tensors_in(inputs));
  if (!is_dry) snapshot.before_draw();
  Observation observation(live_, snapshot, seen);
  try {
    const Circumstances circumstances(seen);
    const RunGuard guard(observation);
    const nn::ObserverGuard observed(&observation);
    const InterceptGuard intercepted(observation);
    std::optional<MemoryGuard> memory;
    if (is_dry) memory.emplace(observation);
    run(observation);
  } catch (const Stopped&) {  // the observation knows
  } catch (const c10::Error& error) {
    const std::string message = error.what_without_backtrace();
    if (!with_autograd && lacks_gradients(message)) return false;
    if (is_dry && reads_memory(error)) observation.stop_at_memory();
    fail(observation, ErrorKind::usage, message, inputs, options);
  } catch (const Error& error) {
    if (typeid(error) != typeid(Error)) throw;  // of whoever gave us the forward, to be told by its type
    fail(observation, error.kind(), error.what(), inputs, options);
  } catch (const std::exception& error) {
    fail(observation, ErrorKind::usage, error.what(), inputs, options);
  }
  if (observation.stopped()) live_.model.notes.push_back(*observation.stopped());
  is_complete_ = !observation.stopped();
  conclude(observation);
  return true;
}

// The forward threw, within a handler of that.
void ForwardRun::fail(Observation& observation, ErrorKind kind, const std::string& what,
                      const std::vector<c10::IValue>& inputs, const DescribeOptions& options) {
  if (observation.stopped()) return;  // and what follows from that
  const std::string message = first_line(what) + undefined_among(inputs);
  const std::string place = observation.place_of_failure();
  if (!options.keeps_what_ran)
    std::throw_with_nested(Error(kind, std::string(live_.model.architecture), "in " + place + ": " + message));
  observation.stop(place, "it threw: " + message, "forward-threw");
}

void ForwardRun::conclude(Observation& observation) {
  live_.model.runs = observation.finish();
  if (root_ != nullptr) complete_parents(live_, live_.model.runs, is_complete_);
  note_initialised(observation);
  fill_shapes(observation);
}

void ForwardRun::note_initialised(const Observation& observation) {
  for (torch::nn::Module* module : observation.initialized_layers()) {
    Initialised layer{module, {}};
    auto note = [&](const auto& tensors) {
      for (const auto& item : tensors) {
        const auto found = observation.fixed().find(item.value().unsafeGetTensorImpl());
        if (found == observation.fixed().end()) continue;
        const at::Tensor& twin = found->second.twin;
        layer.tensors[item.key()] = {twin.defined() ? twin.sizes().vec() : std::vector<std::int64_t>(),
                                     found->second.options, !twin.defined()};
      }
    };
    note(module->named_parameters(/*recurse=*/false));
    note(module->named_buffers(/*recurse=*/false));
    initialised_.push_back(std::move(layer));
  }
}

// The tensors stay as they are, uninitialised: what became known is their extents.
void ForwardRun::fill_shapes(const Observation& observation) {
  Model& model = live_.model;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const auto found = observation.fixed().find(live_.tensors[i].unsafeGetTensorImpl());
    if (found == observation.fixed().end()) continue;
    // One that the layer will do without counts nothing.
    const std::vector<std::int64_t> shape =
        found->second.twin.defined() ? found->second.twin.sizes().vec() : std::vector<std::int64_t>{0};
    model.tensors[i].first_extent = static_cast<Index>(model.extents.size());
    model.tensors[i].rank = static_cast<std::uint8_t>(shape.size());
    if (found->second.twin.defined()) model.tensors[i].dtype = dtype_of(found->second.twin.scalar_type());
    for (const std::int64_t size : shape) model.extents.emplace_back(static_cast<std::uint64_t>(size));
  }
}

}  // namespace dry_run
}  // namespace weigh
