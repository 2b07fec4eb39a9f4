// weigh/diff.h.
#include "weigh/diff.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/pair.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/choice.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

// A Difference whose paths stand on their own.
struct PlainDifference {
  Difference of;
  std::optional<std::string> a, b, last_a, last_b;
  std::vector<std::string> facts;
};

std::optional<std::string> path_of(const Model& model, const Difference& difference, Index index) {
  if (index == kNone) return std::nullopt;
  return difference.is_module ? model.path_of(index) : model.path_of(model.tensors[index]);
}

std::vector<PlainDifference> differences_of(const Diff& diff) {
  std::vector<PlainDifference> all;
  const Model& a = *diff.a.model;
  const Model& b = *diff.b.model;
  for (const Difference& one : diff.differences) {
    all.push_back({one,
                   path_of(a, one, one.a),
                   path_of(b, one, one.b),
                   path_of(a, one, one.last_a),
                   path_of(b, one, one.last_b),
                   {}});
    for (unsigned i = 0; i < static_cast<unsigned>(Fact::count_); ++i)
      if (one.facts.contains(static_cast<Fact>(i))) all.back().facts.emplace_back(name(static_cast<Fact>(i)));
  }
  return all;
}

Diff diff_of(const Model& a, const Model& b, const std::map<std::string, std::string>& maps, unsigned least_likeness,
             bool fold, bool values) {
  const nb::gil_scoped_release others_may_run;
  DiffOptions options;
  for (const auto& [from, to] : maps) options.maps.push_back({from, to});
  options.least_likeness = least_likeness;
  options.fold = fold;
  options.values = values;
  return diff(a, b, options);
}

std::string text_of(const Diff& diff, const std::string& format, std::size_t top, bool unicode, unsigned width,
                    bool color) {
  static const std::map<std::string, RenderFormat> formats = {
      {"table", RenderFormat::table}, {"json", RenderFormat::json}, {"markdown", RenderFormat::markdown}};
  RenderOptions options;
  options.format = chosen(formats, format, "format");
  options.unicode = unicode;
  options.width = width;
  options.color = color;
  return render(diff, options, top);
}

std::map<std::string, std::uint64_t> tensors_of(const Diff& diff) {
  return {{"equal", diff.equal},
          {"changed", diff.changed},
          {"moved", diff.moved},
          {"went", diff.went},
          {"came", diff.came}};
}

std::vector<std::pair<std::string, std::pair<std::string, std::string>>> settings_of(const Diff& diff) {
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> all;
  for (const Setting& setting : diff.settings) all.push_back({setting.name, {setting.a, setting.b}});
  return all;
}

void bind_distance(nb::module_& module) {
  nb::class_<Distance>(module, "Distance", "How far apart numbers of one dtype are.")
      .def_ro("elements", &Distance::elements, "That were compared.")
      .def_ro("differing", &Distance::differing, "Of which the bits differ.")
      .def_ro("not_numbers", &Distance::not_numbers, "Of these, where one of the two is not finite.")
      .def_ro("has_numbers", &Distance::has_numbers, "False: packed, and compared by bytes.")
      .def_ro("largest", &Distance::largest, "Of |a - b|.")
      .def_prop_ro("mean", &Distance::mean, "Of |a - b|.");
}

void bind_difference(nb::module_& module) {
  nb::class_<PlainDifference>(module, "Difference", "A tensor or module, or those at one place of numbered siblings.")
      .def_prop_ro(
          "change", [](const PlainDifference& one) { return std::string(name(one.of.change)); },
          "'changed', 'moved', 'went' or 'came'.")
      .def_prop_ro("is_module", [](const PlainDifference& one) { return one.of.is_module; })
      .def_ro("a", &PlainDifference::a, "Its path in A; None where it came.")
      .def_ro("b", &PlainDifference::b, "Its path in B; None where it went.")
      .def_ro("last_a", &PlainDifference::last_a, "Of several the last.")
      .def_ro("last_b", &PlainDifference::last_b)
      .def_prop_ro(
          "repeat", [](const PlainDifference& one) { return one.of.repeat; }, "How many they are.")
      .def_prop_ro("tensors", [](const PlainDifference& one) { return one.of.tensors; })
      .def_ro("facts", &PlainDifference::facts, "In what they differ: 'shape', 'dtype', …")
      .def_prop_ro("evidence", [](const PlainDifference& one) { return std::string(name(one.of.evidence)); })
      .def_prop_ro(
          "likeness", [](const PlainDifference& one) { return one.of.likeness; }, "In per cent.")
      .def_prop_ro("distance", [](const PlainDifference& one) { return one.of.distance; });
}

}  // namespace

void bind_diff(nb::module_& module) {
  bind_distance(module);
  bind_difference(module);
  nb::class_<Diff>(module, "Diff", "What differs between two models.")
      .def_prop_ro("equal", &Diff::is_equal)
      .def_prop_ro("foreign", &Diff::is_foreign, "Rather two models than two states of one.")
      .def_prop_ro("differences", &differences_of)
      .def_prop_ro("settings", &settings_of, "What configurations tell, where it differs: (name, (in A, in B)).")
      .def_prop_ro("tensors", &tensors_of, "How many are equal, changed, moved, went and came.")
      .def_ro("not_compared", &Diff::not_compared, "Equal tensors whose values could not be compared.")
      .def_ro("not_compared_why", &Diff::not_compared_why)
      .def("render", &text_of, "format"_a = "table", nb::kw_only(), "top"_a = 0, "unicode"_a = true, "width"_a = 0,
           "color"_a = false, "As text: table, json or markdown; of `top` differences (0: all).")
      .def(
          "to_json", [](const Diff& diff) { return text_of(diff, "json", 0, true, 0, false); },
          "Everything, as docs/diff.md says.")
      .def("__repr__", [](const Diff& diff) { return text_of(diff, "table", 100, true, 0, false); });
  module.def("diff", &diff_of, nb::keep_alive<0, 1>(), nb::keep_alive<0, 2>(), "a"_a, "b"_a, nb::kw_only(),
             "maps"_a = std::map<std::string, std::string>(), "least_likeness"_a = 50, "fold"_a = true,
             "values"_a = false);
}

}  // namespace weigh::python
