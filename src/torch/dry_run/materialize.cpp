#include "weigh/torch/materialize.h"

#include "dry_run/forward_run.h"
#include "dry_run/type_name.h"

#include "weigh/error.h"

namespace weigh {

void materialize(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
                 const std::function<c10::IValue()>& forward) {
  dry_run::ForwardRun run(module);
  run.watch(inputs, forward, {});
  if (!run.is_complete() && nn::has_uninitialized(module)) {
    const Note& note = run.live().model.notes.back();
    throw Error(ErrorKind::unsupported, dry_run::type_name(module),
                "the shapes of its lazy layers cannot be found without values: in " + note.place + ", " + note.message +
                    "; run one real forward to initialise them");
  }
  for (const auto& layer : run.initialised())
    if (auto* lazy = dynamic_cast<nn::LazyLayer*>(layer.module)) lazy->initialize_from(layer.tensors);
}

}  // namespace weigh
