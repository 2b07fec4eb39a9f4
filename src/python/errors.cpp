// weigh/error.h: an Error becomes the exception of its kind in weighbridge.errors.
#include <exception>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>

#include "weigh/error.h"

namespace nb = nanobind;

namespace weigh::python {
namespace {

const char* name_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::not_found: return "not_found";
    case ErrorKind::unsupported: return "unsupported";
    case ErrorKind::truncated: return "truncated";
    case ErrorKind::corrupt: return "corrupt";
    case ErrorKind::limit: return "limit";
    case ErrorKind::not_written: return "not_written";
    case ErrorKind::usage: return "usage";
  }
  return "";
}

void translate(const std::exception_ptr& thrown, void* /*payload*/) {
  try {
    std::rethrow_exception(thrown);
  } catch (const Error& error) {
    nb::object offset = nb::none();
    if (error.offset()) offset = nb::int_(*error.offset());
    const nb::object exception =
        nb::module_::import_("weighbridge.errors")
            .attr("error_of")(name_of(error.kind()), error.source(), error.message(), offset, error.what());
    PyErr_SetObject(reinterpret_cast<PyObject*>(Py_TYPE(exception.ptr())), exception.ptr());
  }
}

}  // namespace

void bind_errors(nb::module_& /*module*/) { nb::register_exception_translator(translate); }

}  // namespace weigh::python
