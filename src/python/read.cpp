// weigh/read.h and weigh/read_meanwhile.h.
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "weigh/read_meanwhile.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

// Python's own handlers of signals run when the main thread asks for it: without this, Ctrl-C would wait for the end.
void look_at_signals() {
  const nb::gil_scoped_acquire gil;
  if (PyErr_CheckSignals() != 0) throw nb::python_error();
}

Model read_path(const std::string& path, bool locations) {
  const nb::gil_scoped_release others_may_run;
  ReadOptions options;
  options.locations = locations;
  return read_meanwhile(path, look_at_signals, options);
}

nb::dict all_formats() {
  nb::dict all;
  for (const FormatInfo& format : formats())
    all[nb::str(format.name.data(), format.name.size())] =
        nb::str(format.description.data(), format.description.size());
  return all;
}

}  // namespace

void bind_read(nb::module_& module) {
  module.def("read", &read_path, "path"_a, "locations"_a = false,
             "Reads a model file, an index of shards or a directory. Executes nothing in it, reads no weight.");
  module.def("formats", &all_formats, "Names of the formats that are understood, with a line about each.");
}

}  // namespace weigh::python
