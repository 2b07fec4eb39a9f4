// weigh/live.h: a module that is alive in Python, told piece by piece.
#include "weigh/live.h"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

Mode mode_of(std::optional<bool> is_training) {
  if (!is_training) return Mode::not_recorded;
  return *is_training ? Mode::train : Mode::eval;
}

// A tuple of sizes is a tensor, a list the shapes of several values, a dictionary those of its values, None unknown.
IOShape io_shape(nb::handle value) {
  if (nb::isinstance<nb::tuple>(value)) {
    std::vector<Extent> extents;
    for (const nb::handle size : nb::cast<nb::tuple>(value)) extents.emplace_back(nb::cast<std::uint64_t>(size));
    return IOShape::tensor(std::move(extents));
  }
  std::vector<IOShape> items;
  if (nb::isinstance<nb::list>(value)) {
    for (const nb::handle item : nb::cast<nb::list>(value)) items.push_back(io_shape(item));
    return IOShape::list(std::move(items));
  }
  if (!nb::isinstance<nb::dict>(value)) return {};
  std::vector<std::string> keys;
  for (const auto& [key, item] : nb::cast<nb::dict>(value)) {
    keys.emplace_back(nb::str(key).c_str());
    items.push_back(io_shape(item));
  }
  return IOShape::dictionary(std::move(keys), std::move(items));
}

// What is not exact is a lower bound.
Count counted(std::uint64_t number, bool is_exact) {
  Count count(number);
  if (!is_exact) count += Count::unknown();
  return count;
}

LayerAttribute attribute_of(std::string name, nb::handle value) {
  using Kind = LayerAttribute::Kind;
  if (nb::isinstance<nb::bool_>(value)) return {std::move(name), Kind::truth, {nb::cast<bool>(value) ? 1 : 0}};
  if (nb::isinstance<nb::int_>(value)) return {std::move(name), Kind::number, {nb::cast<std::int64_t>(value)}};
  LayerAttribute attribute{std::move(name), nb::isinstance<nb::tuple>(value) ? Kind::tuple : Kind::list, {}};
  for (const nb::handle item : value)
    attribute.numbers.push_back(nb::isinstance<nb::int_>(item) ? nb::cast<std::int64_t>(item) : -1);
  return attribute;
}

void know(LiveModel& live, Index module, const std::vector<std::pair<std::string, std::string>>& classes,
          const nb::dict& attributes) {
  LayerFacts facts;
  for (const auto& [package, name] : classes) facts.classes.push_back({package, name});
  for (const auto& [name, value] : attributes) facts.attributes.push_back(attribute_of(nb::str(name).c_str(), value));
  live.know(module, std::move(facts));
}

State state_named(const std::string& name) {
  if (name == "uninitialised") return State::uninitialised;
  return name == "meta" ? State::meta : State::initialised;
}

Layout layout_named(const std::string& name) {
  if (name == "strided") return Layout::strided;
  if (name == "sparse") return Layout::sparse;
  if (name == "quantized") return Layout::quantized;
  return name == "nested" ? Layout::nested : Layout::other;
}

Scheme scheme_named(const std::string& wanted) {
  for (unsigned i = 0; i < static_cast<unsigned>(Scheme::count_); ++i)
    if (name(static_cast<Scheme>(i)) == wanted) return static_cast<Scheme>(i);
  return Scheme::not_told;
}

Index add_tensor(LiveModel& live, Index module, std::string name, std::optional<std::vector<std::uint64_t>> shape,
                 const std::string& dtype, bool is_buffer, std::optional<bool> requires_grad, const std::string& state,
                 std::optional<Index> tied_to, std::uint64_t stored_bytes, const std::string& layout,
                 std::optional<std::uint64_t> logical, const std::string& scheme, bool is_overhead) {
  LiveTensor tensor;
  tensor.module = module;
  tensor.name = std::move(name);
  tensor.shape = std::move(shape);
  tensor.dtype = dtype_from_torch(dtype).value_or(DType::unknown);
  tensor.role = is_buffer ? Role::buffer : Role::parameter;
  if (requires_grad) tensor.requires_grad = *requires_grad ? RequiresGrad::yes : RequiresGrad::no;
  tensor.state = state_named(state);
  tensor.layout = layout_named(layout);
  tensor.tied_to = tied_to.value_or(kNone);
  tensor.stored_bytes = stored_bytes;
  tensor.logical = logical;
  tensor.scheme = logical ? scheme_named(scheme) : Scheme::none;
  tensor.is_overhead = is_overhead;
  return live.add_tensor(tensor);
}

void set_run(LiveModel& live, Index module, nb::handle in, nb::handle out, std::pair<std::uint64_t, bool> flops,
             std::pair<std::uint64_t, bool> backward_flops, std::pair<std::uint64_t, bool> activation_bytes,
             std::uint32_t calls) {
  Run run;
  run.in = io_shape(in);
  run.out = io_shape(out);
  run.flops = counted(flops.first, flops.second);
  run.backward_flops = counted(backward_flops.first, backward_flops.second);
  run.activation_bytes = counted(activation_bytes.first, activation_bytes.second);
  run.calls = calls;
  run.witness = Witness::layer;
  live.set_run(module, std::move(run));
}

}  // namespace

void bind_live(nb::module_& module) {
  nb::class_<LiveModel>(module, "LiveBuilder", "A live module that is told piece by piece: private to the package.")
      .def(nb::init<std::string>(), "architecture"_a)
      .def(
          "set_mode",
          [](LiveModel& live, Index index, std::optional<bool> training) { live.set_mode(index, mode_of(training)); },
          "module"_a, "training"_a.none())
      .def(
          "add_module",
          [](LiveModel& live, Index parent, const std::string& name, const std::string& type,
             std::optional<bool> training) { return live.add_module(parent, name, type, mode_of(training)); },
          "parent"_a, "name"_a, "type"_a, "training"_a.none())
      .def(
          "add_alias",
          [](LiveModel& live, Index parent, const std::string& name, Index original) {
            return live.add_alias(parent, name, original);
          },
          "parent"_a, "name"_a, "original"_a)
      .def("know", &know, "module"_a, "classes"_a, "attributes"_a)
      .def("add_tensor", &add_tensor, "module"_a, "name"_a, "shape"_a.none(), "dtype"_a, nb::kw_only(),
           "is_buffer"_a = false, "requires_grad"_a.none() = nb::none(), "state"_a = "initialised",
           "tied_to"_a.none() = nb::none(), "stored_bytes"_a = 0, "layout"_a = "strided",
           "logical"_a.none() = nb::none(), "scheme"_a = "", "is_overhead"_a = false)
      .def("set_run", &set_run, "module"_a, "inputs"_a.none(), "outputs"_a.none(), "flops"_a, "backward_flops"_a,
           "activation_bytes"_a, "calls"_a)
      .def(
          "add_note",
          [](LiveModel& live, std::string code, std::string place, std::string message) {
            live.add_note({std::move(code), std::move(place), std::move(message)});
          },
          "code"_a, "place"_a, "message"_a)
      .def("finish", [](LiveModel& live) { return std::move(live).finish(); });
}

}  // namespace weigh::python
