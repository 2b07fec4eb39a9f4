// weigh/model.h: a Model and its parts. Modules and tensors are views, made one by one as they are asked for.
#include <functional>
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "python/views.h"

#include "weigh/render.h"

using namespace nanobind::literals;

namespace weigh::python {

CountView view(const Model& model, const Count& count) { return {count.known(), count.is_exact(), text(model, count)}; }

nb::object shape_of_io(const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return nb::none();
  nb::list values;
  if (shape.kind == IOShape::Kind::tensor) {
    for (const Extent extent : shape.extents)
      values.append(extent.is_known() ? nb::object(nb::int_(extent.size())) : nb::none());
    return nb::tuple(values);
  }
  if (shape.keys.empty()) {
    for (const IOShape& item : shape.items) values.append(shape_of_io(item));
    return std::move(values);
  }
  nb::dict by_key;
  for (std::size_t i = 0; i < shape.items.size(); ++i) by_key[shape.keys[i].c_str()] = shape_of_io(shape.items[i]);
  return std::move(by_key);
}

nb::object mode_of(const Module& module) {
  if (module.mode == Mode::not_recorded) return nb::none();
  return nb::str(module.mode == Mode::train ? "train" : "eval");
}

namespace {

const Tensor& tensor(const TensorView& view) { return view.model->tensors[view.index]; }
const Module& module_(const ModuleView& view) { return view.model->modules[view.index]; }

nb::object shape_of(const TensorView& view) {
  const Tensor& one = tensor(view);
  if (!one.rank_known()) return nb::none();
  nb::list sizes;
  for (const Extent* extent = view.model->shape_begin(one); extent != view.model->shape_end(one); ++extent)
    sizes.append(extent->is_known() ? nb::object(nb::int_(extent->size())) : nb::none());
  return nb::tuple(sizes);
}

const char* state_of(const TensorView& view) {
  switch (tensor(view).state) {
    case State::initialised: return "initialised";
    case State::uninitialised: return "uninitialised";
    case State::meta: return "meta";
    case State::missing: return "missing";
  }
  return "";
}

nb::object requires_grad(const TensorView& view) {
  if (tensor(view).requires_grad == RequiresGrad::not_recorded) return nb::none();
  return nb::bool_(tensor(view).requires_grad == RequiresGrad::yes);
}

nb::object tied_to(const TensorView& view) {
  const Index original = tensor(view).tied_to;
  if (original == kNone) return nb::none();
  return nb::str(view.model->path_of(view.model->tensors[original]).c_str());
}

const Run* run_of(const ModuleView& view) { return view.model->runs.empty() ? nullptr : &view.model->runs[view.index]; }

// Two views of the same thing are equal.
template <class View>
void bind_identity(nb::class_<View>& view) {
  view.def("__eq__", [](const View& a, const View& b) { return a.model == b.model && a.index == b.index; })
      .def(
          "__eq__", [](const View&, nb::handle) { return false; }, nb::arg().none())
      .def("__hash__", [](const View& one) { return std::hash<const void*>()(one.model) ^ one.index; });
}

void bind_tensor(nb::module_& module) {
  nb::class_<TensorView> tensors(module, "Tensor", "A parameter or a buffer: a view, without elements.");
  bind_identity(tensors);
  tensors.def_prop_ro("path", [](const TensorView& view) { return view.model->path_of(tensor(view)); })
      .def_prop_ro("shape", &shape_of, "Sizes, None for one that is not known; None where not even the rank is.")
      .def_prop_ro("dtype", [](const TensorView& view) { return name(tensor(view).dtype); })
      .def_prop_ro("role", [](const TensorView& v) { return tensor(v).role == Role::buffer ? "buffer" : "parameter"; })
      .def_prop_ro("state", &state_of)
      .def_prop_ro("requires_grad", &requires_grad, "None where it is not recorded.")
      .def_prop_ro("numel", [](const TensorView& v) { return view(*v.model, v.model->numel(tensor(v))); })
      .def_prop_ro("bytes", [](const TensorView& v) { return view(*v.model, v.model->bytes(tensor(v))); })
      .def_prop_ro("tied_to", &tied_to, "Path of the tensor that it is the same memory as, or None.");
}

void bind_module(nb::module_& module) {
  nb::class_<ModuleView> modules(module, "Module", "A module: a view.");
  bind_identity(modules);
  modules.def_prop_ro("path", [](const ModuleView& view) { return view.model->path_of(view.index); })
      .def_prop_ro("type", [](const ModuleView& view) { return module_(view).type; })
      .def_prop_ro(
          "mode", [](const ModuleView& view) { return mode_of(module_(view)); },
          "'train' or 'eval'; None where it is not recorded.")
      .def_prop_ro("lazy", [](const ModuleView& view) { return module_(view).lazy; })
      .def_prop_ro("in_shape", [](const ModuleView& v) { return run_of(v) ? shape_of_io(run_of(v)->in) : nb::none(); })
      .def_prop_ro("out_shape",
                   [](const ModuleView& v) { return run_of(v) ? shape_of_io(run_of(v)->out) : nb::none(); })
      .def_prop_ro(
          "flops",
          [](const ModuleView& v) -> std::optional<CountView> {
            return run_of(v) ? std::optional(view(*v.model, work_in(*v.model, v.index, &Run::flops))) : std::nullopt;
          },
          "Of one forward, 2 for a multiply-add; None where no forward was looked at.")
      .def_prop_ro("backward_flops",
                   [](const ModuleView& v) -> std::optional<CountView> {
                     return run_of(v) ? std::optional(view(*v.model, work_in(*v.model, v.index, &Run::backward_flops)))
                                      : std::nullopt;
                   })
      .def_prop_ro("activation_bytes",
                   [](const ModuleView& v) -> std::optional<CountView> {
                     return run_of(v)
                                ? std::optional(view(*v.model, work_in(*v.model, v.index, &Run::activation_bytes)))
                                : std::nullopt;
                   })
      .def_prop_ro("calls", [](const ModuleView& v) -> std::optional<std::uint32_t> {
        return run_of(v) ? run_of(v)->known_calls() : std::nullopt;
      });
}

void bind_values(nb::module_& module) {
  nb::class_<CountView>(module, "Count",
                        "A number that knows whether it is exact; its text is an expression. It equals a number or a "
                        "count where it is exact, and nothing where it is not.")
      .def_ro("known", &CountView::known, "The known part, a lower bound.")
      .def_ro("exact", &CountView::is_exact)
      .def("__str__", [](const CountView& count) { return count.text; })
      .def("__repr__", [](const CountView& count) { return "Count(" + count.text + ")"; })
      .def("__int__",
           [](const CountView& count) {
             if (!count.is_exact) throw nb::value_error(("not known exactly: " + count.text).c_str());
             return count.known;
           })
      .def("__eq__",
           [](const CountView& count, std::uint64_t number) { return count.is_exact && count.known == number; })
      .def("__eq__",
           [](const CountView& a, const CountView& b) { return a.is_exact && b.is_exact && a.known == b.known; })
      .def(
          "__eq__", [](const CountView&, nb::handle) { return false; }, nb::arg().none())
      .def("__hash__", [](const CountView& count) {
        return count.is_exact ? nb::hash(nb::int_(count.known)) : nb::hash(nb::str(count.text.c_str()));
      });
  nb::class_<Note>(module, "Note", "An oddity that did not stop the reading.")
      .def_ro("code", &Note::code)
      .def_ro("place", &Note::place)
      .def_ro("message", &Note::message)
      .def("__repr__", [](const Note& n) { return "Note(" + n.code + ": " + n.place + ": " + n.message + ")"; });
}

std::vector<Note> notes_of(const Model& model) {
  std::vector<Note> notes = model.notes;
  if (model.is_live) return notes;  // of which nothing is guessed
  SummaryOptions totals_alone;
  totals_alone.depth = 0;
  totals_alone.fold = false;
  for (Note& note : summarize(model, totals_alone).notes) notes.push_back(std::move(note));
  return notes;
}

}  // namespace

nb::class_<Model> bind_model(nb::module_& module) {
  bind_values(module);
  bind_tensor(module);
  bind_module(module);
  bind_sequences(module);
  nb::class_<Model> model(module, "Model", "What a file, a directory or a live module is made of.");
  model.def_rw("source", &Model::source, "What the reader was given.")
      .def_ro("format", &Model::format)
      .def_ro("kind", &Model::kind)
      .def_ro("architecture", &Model::architecture)
      .def_ro("metadata", &Model::metadata, "Recorded facts worth showing, as pairs.")
      .def_prop_ro("notes", &notes_of, "Oddities that did not stop the reading, and what is found in its numbers.")
      .def_prop_ro("modules",
                   [](nb::object self) {
                     return Modules{{self, nb::cast<const Model*>(self), 0}};
                   })
      .def_prop_ro("tensors", [](nb::object self) {
        return Tensors{{self, nb::cast<const Model*>(self), 0}};
      });
  return model;
}

}  // namespace weigh::python
