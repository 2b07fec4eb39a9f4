// weigh/check.h.
#include "weigh/check.h"

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/map.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "python/choice.h"

#include "weigh/error.h"
#include "weigh/read.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

Checked checked(const Model& model, const std::map<std::string, std::vector<std::string>>& rules,
                const std::optional<std::string>& policy_file) {
  const nb::gil_scoped_release others_may_run;
  Policy policy = policy_file ? read_policy(*policy_file) : Policy();
  for (const auto& [rule, values] : rules) policy.set(rule, values);
  if (policy.gates().empty()) throw Error(ErrorKind::usage, model.source, "no rule is asked for");
  return {model.source, check(model, policy, [](const std::string& path) { return read(path); }), ""};
}

std::string text_of(const Checked& one, const std::string& format, bool unicode, unsigned width, bool color) {
  static const std::map<std::string, CheckFormat> formats = {{"table", CheckFormat::table},
                                                             {"json", CheckFormat::json},
                                                             {"junit", CheckFormat::junit},
                                                             {"sarif", CheckFormat::sarif},
                                                             {"github", CheckFormat::github}};
  RenderOptions options;
  options.unicode = unicode;
  options.width = width;
  options.color = color;
  return render(std::span(&one, 1), chosen(formats, format, "format"), options);
}

std::map<std::string, std::string> purposes() {
  std::map<std::string, std::string> all;
  for (const Rule& rule : rules()) all.emplace(rule.id, rule.purpose);
  return all;
}

}  // namespace

void bind_check(nb::module_& module) {
  nb::class_<Finding>(module, "Finding", "What became of a gate.")
      .def_ro("rule", &Finding::rule)
      .def_prop_ro(
          "verdict", [](const Finding& one) { return std::string(name(one.verdict)); },
          "'passed', 'failed', or 'undecided': what it asks for is not known, which is no pass.")
      .def_ro("message", &Finding::message)
      .def_ro("places", &Finding::places, "Modules or tensors that it is about: the first of them.")
      .def_ro("all_places", &Finding::all_places, "How many they are.");
  nb::class_<Checked>(module, "Checked", "A model and what was found of it.")
      .def_ro("source", &Checked::source)
      .def_ro("findings", &Checked::findings)
      .def_prop_ro("passed", &Checked::passed, "Whether all gates passed.")
      .def("render", &text_of, "format"_a = "table", nb::kw_only(), "unicode"_a = true, "width"_a = 0,
           "color"_a = false, "As text: table, json, junit, sarif or github.")
      .def("__repr__", [](const Checked& one) { return text_of(one, "table", true, 0, false); });
  module.def("rules", &purposes, "The rules that there are, with their purposes.");
  module.def("check", &checked, "model"_a, "rules"_a, "policy"_a.none() = nb::none());
}

}  // namespace weigh::python
