// weigh/read.h.
#include <string>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "weigh/read.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {

void bind_read(nb::module_& module) {
  module.def(
      "read",
      [](const std::string& path) {
        const nb::gil_scoped_release others_may_run;
        return read(path);
      },
      "path"_a, "Reads a model file, an index of shards or a directory. Executes nothing in it, reads no weight.");
  module.def("formats", [] {
    nb::dict all;
    for (const FormatInfo& format : formats())
      all[nb::str(format.name.data(), format.name.size())] = nb::str(format.description.data(), format.description.size());
    return all;
  }, "Names of the formats that are understood, with a line about each.");
}

}  // namespace weigh::python
