#include "lightning/session.h"

#include <algorithm>

#include <c10/util/Type.h>
#include <fmt/format.h>

#include "dry_run/type_name.h"

namespace weigh::lightning {
namespace {

// Those that save come last: they save the state of the others.
std::vector<std::shared_ptr<Callback>> in_order(std::vector<std::shared_ptr<Callback>> callbacks) {
  std::stable_partition(callbacks.begin(), callbacks.end(),
                        [](const auto& callback) { return !callback->saves_checkpoints(); });
  return callbacks;
}

}  // namespace

Session::Session(Trainer& owner, TrainerOptions given)
    : trainer(owner), options(std::move(given)), callbacks(in_order(options.callbacks)) {
  placement.device = options.device;
  if (options.precision == Precision::f64) placement.floating = torch::kFloat64;
}

void Session::both(const char* name, void (Callback::*of_callback)(Trainer&, ModuleBase&),
                   void (ModuleHooks::*of_module)()) {
  callbacks_do(name, of_callback);
  module_does(name, [&] { (module->*of_module)(); });
}

void Session::both(const char* name, void (Callback::*of_callback)(Trainer&, ModuleBase&, torch::optim::Optimizer&),
                   void (ModuleHooks::*of_module)(torch::optim::Optimizer&), torch::optim::Optimizer& optimizer) {
  callbacks_do(name, of_callback, optimizer);
  module_does(name, [&] { (module->*of_module)(optimizer); });
}

std::uint32_t Session::entry_of(const char* name) {
  return options.profiler->entry_of(
      {name, nullptr}, [&] { return std::string(name); }, false);
}
std::uint32_t Session::entry_of(const Callback& callback, const char* name) {
  return options.profiler->entry_of(
      {&callback, name},
      [&] {
        return fmt::format("[Callback]{}.{}", dry_run::short_type_name(c10::demangle(typeid(callback).name())), name);
      },
      false);
}
std::uint32_t Session::entry_of(const ModuleBase& of, const char* name) {
  return options.profiler->entry_of(
      {&of, name}, [&] { return fmt::format("[Module]{}.{}", of.type(), name); }, false);
}

LayerTimes* Session::layers() {
  if (!options.profiler || !options.profiler->options_.layers) return nullptr;
  if (!layer_times || was_lazy) layer_times = std::make_unique<LayerTimes>(*options.profiler, *module);
  return layer_times.get();
}

torch::Tensor Session::step(Stage of, const char* name) {
  return module_does(name, [&] {
    const LayerTimes::Watch watch(layers());
    return module->step(of, current, current_idx);
  });
}
void Session::batch_start(Stage of, const char* name) {
  module_does(name, [&] { module->batch_start(of, current, current_idx); });
}
void Session::batch_end(Stage of, const char* name, const torch::Tensor& output) {
  module_does(name, [&] { module->batch_end(of, output, current, current_idx); });
}

void Session::log(const std::string& name, double value, const LogOptions& log_options) {
  std::int64_t weight = 1;
  if (log_options.batch_size) {
    weight = *log_options.batch_size;
  } else if (in_batch && current.data) {
    weight = module->size_of(current);
  }
  results().log(hook, name, value, log_options, weight);
}

void Session::log_to_callbacks(Metrics metrics, std::optional<std::int64_t> step) {
  if (metrics.empty()) return;
  for (const auto& [name, value] : metrics) views.logged.insert_or_assign(name, value);
  if (!step) metrics.emplace("epoch", static_cast<double>(progress.epoch));
  if (!is_first()) return;
  for (const auto& callback : callbacks) callback->log_metrics(metrics, step.value_or(progress.logged_step));
}

bool Session::is_last_of_accumulation() const { return progress.batch % accumulate == 0; }

void Session::begin(ModuleBase& of, Task what) {
  module = &of;
  of.trainer_ = &trainer;
  task = what;
  stage = what == Task::fit        ? Stage::training
          : what == Task::validate ? Stage::validation
          : what == Task::test     ? Stage::test
                                   : Stage::predict;
  accumulate = options.accumulate_grad_batches;
  if (what == Task::fit) {
    progress = {};
    epochs_processed = 0;
    optimizers.clear();
    manual_steps.clear();
    optimised.clear();
    was_lazy = false;
  }
  sanity_checking = in_batch = is_last_batch = skips_rest = stops = interrupted = saves = has_gradients = false;
  requests.clear();
  epoch_start.reset();
  resumes.reset();
  hook.clear();
  train_results.reset();
  evaluation_results.reset();
  views = {};
}

// Also after an exception.
void Session::end() {
  if (module) module->trainer_ = nullptr;
  module = nullptr;
  train_loader.reset();
  evaluation_loader.reset();
  current = {};
  layer_times.reset();
  outputs = nullptr;
  in_batch = sanity_checking = false;
}

std::optional<std::int64_t> batches_of(const Loader& loader, Limit limit, const char* name) {
  const auto size = loader.size();
  if (!limit.is_fraction()) {
    const auto most = static_cast<std::int64_t>(limit.value());
    return size ? std::min(*size, most) : most;
  }
  if (limit.value() == 1.0) return size;
  if (limit.value() == 0.0) return 0;
  if (!size)
    throw Error(
        ErrorKind::usage, "Trainer",
        fmt::format("{} is a part of all batches, {}, but this loader does not tell how many it has (no size()): "
                    "give a number of batches",
                    name, limit.value()));
  const auto part = static_cast<std::int64_t>(static_cast<double>(*size) * limit.value());
  if (part == 0 && *size > 0)
    throw Error(
        ErrorKind::usage, "Trainer",
        fmt::format("{} is a part of all batches, {}, of which there are {}: that is less than one batch; give a "
                    "larger part or a number",
                    name, limit.value(), *size));
  return part;
}

}  // namespace weigh::lightning
