#include "weigh/torch/materialize.h"

#include <algorithm>

#include "dry_run/forward_run.h"
#include "dry_run/type_name.h"

#include "weigh/error.h"

namespace weigh {
namespace {

void initialize(const dry_run::ForwardRun& run) {
  for (const auto& layer : run.initialised())
    if (auto* lazy = dynamic_cast<nn::LazyLayer*>(layer.module)) lazy->initialize_from(layer.tensors);
}

// Whether each tensor that had no shape got one.
bool knows_all(const Model& model) {
  return std::ranges::all_of(model.tensors, [&](const Tensor& tensor) {
    return tensor.state != State::uninitialised || model.numel(tensor).is_exact();
  });
}

}  // namespace

std::vector<Note> materialize(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
                              const std::function<c10::IValue()>& forward, const MaterializeOptions& options) {
  if (options.forward == Forward::none)
    throw Error(ErrorKind::usage, dry_run::type_name(module), "without a forward no shape of a lazy layer is found");
  dry_run::ForwardRun run(module);
  run.watch(inputs, forward, {.forward = options.forward});
  if (run.is_complete() || knows_all(run.live().model)) {
    initialize(run);
    return {};
  }
  Note note = run.live().model.notes.back();
  dry_run::ForwardRun real(module);
  try {
    real.watch(inputs, forward, {.forward = Forward::real});
  } catch (const Error& error) {
    throw Error(ErrorKind::unsupported, dry_run::type_name(module),
                "the shapes of its lazy layers cannot be found: the dry run stopped in " + note.place + ", where " +
                    note.message + "; and that failed " + error.message());
  }
  initialize(real);
  note.message = "the dry run that finds the shapes of lazy layers stopped: " + note.message +
                 ". That was done; what it changed was put back";
  return {note};
}

}  // namespace weigh
