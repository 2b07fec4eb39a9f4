// The extension module weighbridge._weigh: one function for each header of the contract, which stands in a file of its
// name.
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "weigh/model.h"
#include "weigh/version.h"

namespace nb = nanobind;

namespace weigh::python {
void bind_check(nb::module_& module);
void bind_diff(nb::module_& module);
void bind_errors(nb::module_& module);
void bind_live(nb::module_& module);
nb::class_<Model> bind_model(nb::module_& module);
void bind_plain(nb::module_& module);
void bind_plan(nb::module_& module);
void bind_read(nb::module_& module);
void bind_summary(nb::module_& module, nb::class_<Model>& model);
}  // namespace weigh::python

NB_MODULE(_weigh, module) {
  module.doc() = "The core of weighbridge: models as values, their totals and tables. Private; import weighbridge.";
  module.def(
      "version", [] { return std::string(weigh::version()); }, "That of the program and the library.");
  weigh::python::bind_errors(module);
  auto model = weigh::python::bind_model(module);
  weigh::python::bind_summary(module, model);
  weigh::python::bind_read(module);
  weigh::python::bind_live(module);
  weigh::python::bind_plain(module);
  weigh::python::bind_diff(module);
  weigh::python::bind_check(module);
  weigh::python::bind_plan(module);
}
