// weigh/summary.h: what a model amounts to, and the parts of its file.
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "python/views.h"

namespace weigh::python {
namespace {

auto number(auto member) {
  return [member](const TotalsView& view) { return view.totals().*member; };
}

auto count(Count Totals::*member) {
  return [member](const TotalsView& v) { return view(*v.summary->model, v.totals().*member); };
}

std::optional<CountView> trainable(const TotalsView& v) {
  if (!v.totals().trainable_recorded) return std::nullopt;
  return view(*v.summary->model, v.totals().trainable);
}

std::optional<CountView> non_trainable(const TotalsView& v) {
  if (!v.totals().trainable_recorded) return std::nullopt;
  Count frozen = v.totals().parameters;
  frozen -= v.totals().trainable;
  return view(*v.summary->model, frozen);
}

auto modules_in(std::uint64_t Totals::*member) {
  return [member](const TotalsView& v) -> std::optional<std::uint64_t> {
    return v.totals().modes_recorded ? std::optional(v.totals().*member) : std::nullopt;
  };
}

auto of_root(Count Run::*member) {
  return [member](const TotalsView& v) -> std::optional<CountView> {
    const Model& model = *v.summary->model;
    return model.runs.empty() ? std::nullopt : std::optional(view(model, model.runs[0].*member));
  };
}

std::map<std::string, double> evidence(const TotalsView& v) {
  const Totals& totals = v.totals();
  return {{"recorded", totals.share(Evidence::recorded)},
          {"derived", totals.share(Evidence::derived)},
          {"by_convention", totals.share(Evidence::by_convention)},
          {"assumed", totals.share(Evidence::assumed)}};
}

void bind_counts(nb::class_<TotalsView>& totals) {
  totals.def_prop_ro("parameters", count(&Totals::parameters), "Elements of parameters.")
      .def_prop_ro("trainable", &trainable, "Those that require a gradient; None where it is not recorded of each.")
      .def_prop_ro("non_trainable", &non_trainable, "The others; None where `trainable` is.")
      .def_prop_ro("buffers", count(&Totals::buffers), "Elements of buffers.")
      .def_prop_ro("bytes", count(&Totals::bytes), "Of parameters and buffers, by their own dtypes.")
      .def_prop_ro(
          "exact", [](const TotalsView& v) { return v.totals().is_exact(); },
          "Whether parameters and buffers are known to the last one.")
      .def_prop_ro("roles_inferred", number(&Totals::roles_inferred),
                   "Whether some tensor is a parameter or a buffer by its name and dtype alone.")
      .def_prop_ro("evidence", &evidence,
                   "Of the weights, how many per cent are known to be what they are counted as by which evidence: "
                   "recorded, derived, by_convention, assumed. Source: docs/counting.md.")
      .def_prop_ro("uninitialized_parameters", number(&Totals::uninitialized_parameters), "Tensors, not elements.")
      .def_prop_ro("uninitialized_buffers", number(&Totals::uninitialized_buffers), "Tensors, not elements.")
      .def_prop_ro("tensors", number(&Totals::tensors), "Names of tensors, ties included.")
      .def_prop_ro("modules", number(&Totals::modules), "Below the root; one that has two names counts once.")
      .def_prop_ro("train_modules", modules_in(&Totals::train_modules),
                   "How many of `modules` are in train mode; None where modes are not recorded.")
      .def_prop_ro("eval_modules", modules_in(&Totals::eval_modules),
                   "How many of `modules` are in eval mode; None where modes are not recorded.");
}

void bind_further(nb::class_<TotalsView>& totals) {
  totals
      .def_prop_ro("by_dtype", number(&Totals::by_dtype),
                   "Elements as they are stored, and their bytes, by dtype; most bytes first.")
      .def_prop_ro("overhead_bytes", number(&Totals::overhead_bytes),
                   "Of scales, zero points and what else belongs to packed weights; part of the buffers.")
      .def_prop_ro("optimizer_tensors", number(&Totals::optimizer_tensors),
                   "Of optimizer states, which count nowhere else.")
      .def_prop_ro("optimizer_bytes", number(&Totals::optimizer_bytes),
                   "Of optimizer states, which count nowhere else.")
      .def_prop_ro("active_parameters", number(&Totals::active_parameters),
                   "What a token of text uses of a mixture of experts; None for others, or where nobody tells.")
      .def_prop_ro("active_without_embedding", number(&Totals::active_without_embedding),
                   "The same without the input embedding, of which a token uses one row.")
      .def_prop_ro("flops", of_root(&Run::flops),
                   "Of one forward, 2 for a multiply-add; None where no forward was looked at.")
      .def_prop_ro("backward_flops", of_root(&Run::backward_flops),
                   "Of the backward pass, 0 where it was not asked for; None where no forward was looked at.")
      .def_prop_ro("activation_bytes", of_root(&Run::activation_bytes),
                   "What the operators of one forward return, views left out; None where no forward was looked at.");
}

const char* kind_of(const SectionView& view) {
  switch (view.section().kind) {
    case SectionKind::model: return "model";
    case SectionKind::copy: return "copy";
    case SectionKind::optimizer_state: return "optimizer_state";
  }
  return "";
}

// Nothing for optimizer state, which has no modules.
const Tally* tally_of(const SectionView& view) {
  const bool has_modules = view.section().kind != SectionKind::optimizer_state;
  return has_modules ? &view.summary->tallies[view.section().root] : nullptr;
}

void bind_section(nb::module_& module) {
  nb::class_<SectionView>(module, "Section", "A part of a file. Totals are of those of the kind 'model' alone.")
      .def_prop_ro(
          "name", [](const SectionView& v) { return v.section().name; }, "The key that holds it, or ''.")
      .def_prop_ro("kind", &kind_of, "'model', 'copy' (averages of a model) or 'optimizer_state'.")
      .def_prop_ro(
          "path",
          [](const SectionView& v) -> std::optional<std::string> {
            if (tally_of(v) == nullptr) return std::nullopt;
            return v.summary->model->path_of(v.section().root);
          },
          "Of its module; None for an optimizer state.")
      .def_prop_ro(
          "tensors",
          [](const SectionView& v) { return tally_of(v) == nullptr ? v.section().tensors : tally_of(v)->tensors; })
      .def_prop_ro("bytes", [](const SectionView& v) {
        return view(*v.summary->model, tally_of(v) == nullptr ? Count(v.section().bytes) : tally_of(v)->bytes);
      });
}

}  // namespace

void bind_totals(nb::module_& module) {
  nb::class_<DTypeShare>(module, "DTypeShare", "Tensors of one dtype.")
      .def_prop_ro(
          "dtype", [](const DTypeShare& share) { return name(share.dtype); }, "PyTorch's name; 'unknown'.")
      .def_ro("elements", &DTypeShare::elements, "As they are stored.")
      .def_ro("bytes", &DTypeShare::bytes);
  bind_section(module);
  nb::class_<TotalsView> totals(module, "Totals", "What a model amounts to; ties are counted once. docs/counting.md");
  bind_counts(totals);
  bind_further(totals);
}

}  // namespace weigh::python
