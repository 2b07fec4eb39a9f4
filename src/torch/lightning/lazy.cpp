// Layers without a shape are initialised before optimizers are made; where that cannot be, no optimizer may miss them.
#include <fmt/format.h>

#include "lightning/random_state.h"
#include "lightning/session.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {
namespace {

AnyBatch first_batch(Session& session) {
  if (!session.train_loader || session.train_batches == 0) return {};
  const RandomState before(session.options.device);  // looking must not change what training draws
  session.train_loader->start();
  const AnyBatch batch = session.train_loader->is_done() ? AnyBatch() : session.train_loader->batch();
  session.train_loader->stop();
  before.restore();
  if (batch.data) session.place(batch, session.placement);
  return batch;
}

void tell(Session& session, std::vector<Note> notes) {
  for (Note& note : notes) session.trainer.add_note(std::move(note));
}

// A training may do without: its first step initialises them, or optimizers that lack them are refused.
Note left_lazy(const Error& error) {
  return {"not-initialized", error.source(), "lazy layers are not initialised before training: " + error.message()};
}

void initialize_by_first_batch(Session& session) {
  const AnyBatch batch = first_batch(session);
  if (!batch.data) return;
  try {
    tell(session, weigh::materialize(*session.module, std::vector<c10::IValue>(),
                                     [&] { return c10::IValue(session.forward_any(batch)); }));
  } catch (const detail::NotOverridden&) {  // the first forward will initialise them
  } catch (const Error& error) {
    tell(session, {left_lazy(error)});
  }
}

bool is_optimised(const std::vector<ConfiguredOptimizer>& optimizers, const torch::Tensor& parameter) {
  for (const auto& configured : optimizers)
    for (const auto& group : configured.optimizer->param_groups())
      for (const torch::Tensor& held : group.params())
        if (held.is_same(parameter)) return true;
  return false;
}

const char* remedy(Session& session) {
  if (session.module->example())
    return "its example input initialised none of them before configure_optimizers(): Trainer::notes() tell why";
  return "give the module an example input, example_input(*this, inputs…), or override forward_batch(), so that it is "
         "initialised before configure_optimizers()";
}

}  // namespace

void initialize_lazy_layers(Session& session) {
  if (!nn::has_uninitialized(*session.module)) return;
  if (const ExampleInput example = session.module->example()) {
    try {
      tell(session, example.materialize(*session.module, session.placement, {.forward = example.forward}));
    } catch (const Error& error) {
      tell(session, {left_lazy(error)});
      initialize_by_first_batch(session);
    }
  } else {
    initialize_by_first_batch(session);
  }
}

void check_optimizers(Session& session) {
  session.was_lazy = nn::has_uninitialized(*session.module);
  std::vector<std::string> missing;
  for (const auto& item : session.module->named_parameters()) {
    session.optimised.insert(item.value().unsafeGetTensorImpl());
    if (!nn::is_uninitialized(item.value()) || !item.value().requires_grad()) continue;
    if (!session.optimizers.empty() && !is_optimised(session.optimizers, item.value())) missing.push_back(item.key());
  }
  if (missing.empty()) return;
  throw Error(ErrorKind::usage, "configure_optimizers",
              fmt::format("parameters without a shape are in no optimizer and would never be trained: {}; {}",
                          fmt::join(missing, ", "), remedy(session)));
}

void check_new_parameters(Session& session) {
  session.was_lazy = nn::has_uninitialized(*session.module);
  std::vector<std::string> missing;
  for (const auto& item : session.module->named_parameters()) {
    if (session.optimised.count(item.value().unsafeGetTensorImpl()) > 0 || !item.value().requires_grad()) continue;
    if (!is_optimised(session.optimizers, item.value())) missing.push_back(item.key());
  }
  if (missing.empty()) return;
  throw Error(
      ErrorKind::usage, "training_step",
      fmt::format("the first forward made parameters that no optimizer holds, which would never be trained: {}; "
                  "{}",
                  fmt::join(missing, ", "), remedy(session)));
}

}  // namespace weigh::lightning
