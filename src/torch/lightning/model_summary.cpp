#include <cstdlib>
#include <iostream>

#include "lightning/session.h"

#include "weigh/lightning/callbacks.h"
#include "weigh/stopped.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {
namespace {

// An example that does not fit fails no training: what is known is told, and a note.
Model described(ModuleBase& module, const Placement& placement) {
  if (std::optional<Model> model = module.describe_example({.keeps_what_ran = true}, placement))
    return *std::move(model);
  return weigh::describe(static_cast<const torch::nn::Module&>(module));
}

void tell_stops(Trainer& trainer, const Model& model) {
  for (Note note : model.notes) {
    if (!tells_a_stop(note)) continue;
    note.message = "the forward with the example input stopped, and the summary tells what is known: " + note.message;
    trainer.add_note(std::move(note));
  }
}

// A remedy that is at hand for a LightningModule, where weigh::ModelSummary names a function.
void name_remedy(Note& note) {
  const auto found = note.message.find("; give an example input");
  if (found != std::string::npos)
    note.message =
        note.message.substr(0, found) +
        "; call example_input(*this, inputs…) in the constructor of the module, or override forward_batch(), "
        "to have it initialised before training";
}

}  // namespace

weigh::ModelSummary ModelSummary::summarize(Trainer& trainer, ModuleBase& module) {
  return weigh::ModelSummary(module, described(module, trainer.placement()), SummaryOptions{.depth = max_depth_});
}

RenderOptions ModelSummary::style(Trainer&) const { return {}; }

RenderOptions RichModelSummary::style(Trainer& trainer) const {
  RenderOptions options = ModelSummary::style(trainer);
  options.color = std::getenv("NO_COLOR") == nullptr;
  return options;
}

void ModelSummary::on_fit_start(Trainer& trainer, ModuleBase& module) {
  const weigh::ModelSummary summary = summarize(trainer, module);
  trainer.output() << summary.text(style(trainer)) << std::flush;
  tell_stops(trainer, summary.model());
  trainer.tell_uninitialized(module, summary.warnings());
}

void Trainer::tell_uninitialized(ModuleBase& module, std::vector<Note> notes) {
  if (notes.empty() || options().uninitialized == Uninitialized::silent) return;
  std::string all;
  for (Note& note : notes) {
    name_remedy(note);
    all += "\n  " + (note.place.empty() ? std::string("(root)") : note.place) + ": " + note.message;
  }
  if (options().uninitialized == Uninitialized::error)
    throw Error(ErrorKind::usage, module.type(), "layers are not initialised when training starts:" + all);
  if (std::exchange(module.told_uninitialized_, true)) return;
  for (Note& note : notes) add_note(std::move(note));
}

void report_uninitialized(Session& session) {
  if (session.options.uninitialized == Uninitialized::silent || !nn::has_uninitialized(*session.module)) return;
  for (const auto& callback : session.callbacks)
    if (dynamic_cast<ModelSummary*>(callback.get())) return;
  const weigh::ModelSummary summary(*session.module, described(*session.module, session.placement));
  session.trainer.tell_uninitialized(*session.module, summary.warnings());
}

}  // namespace weigh::lightning
