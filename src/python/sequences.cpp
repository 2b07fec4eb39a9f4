// The modules and the tensors of a model as Python's sequences, which make their elements one by one as they are asked
// for.
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string_view.h>
#include <nanobind/stl/vector.h>

#include "python/paths.h"
#include "python/views.h"

namespace weigh::python {
namespace {

// How the two differ.
struct OfModules {
  using Sequence = Modules;
  using View = ModuleView;
  static constexpr const char* kElement = "module";
  static std::size_t size(const Model& model) { return model.modules.size(); }
  static Index at(const Model& model, std::string_view path) { return module_at(model, path); }
};
struct OfTensors {
  using Sequence = Tensors;
  using View = TensorView;
  static constexpr const char* kElement = "tensor";
  static std::size_t size(const Model& model) { return model.tensors.size(); }
  static Index at(const Model& model, std::string_view path) { return tensor_at(model, path); }
};

// A place may count from the end.
template <class Of>
typename Of::View by_place(const typename Of::Sequence& all, std::ptrdiff_t place) {
  const auto size = static_cast<std::ptrdiff_t>(Of::size(*all.model));
  const std::ptrdiff_t index = place < 0 ? place + size : place;
  if (index < 0 || index >= size) {
    const std::string message = "there is no " + std::string(Of::kElement) + " at index " + std::to_string(place) +
                                ": the model has " + std::to_string(size);
    throw nb::index_error(message.c_str());
  }
  return {{all.owner, all.model, static_cast<Index>(index)}};
}

template <class Of>
std::vector<typename Of::View> by_slice(const typename Of::Sequence& all, const nb::slice& slice) {
  auto [place, stop, step, count] = slice.compute(Of::size(*all.model));
  std::vector<typename Of::View> chosen;
  chosen.reserve(count);
  for (; chosen.size() < count; place += step) chosen.push_back({{all.owner, all.model, static_cast<Index>(place)}});
  return chosen;
}

template <class Of>
typename Of::View by_path(const typename Of::Sequence& all, std::string_view path) {
  const Index index = Of::at(*all.model, path);
  if (index == kNone) {
    const std::string message = "the model has no " + std::string(Of::kElement) + " '" + std::string(path) + "'";
    throw nb::key_error(message.c_str());
  }
  return {{all.owner, all.model, index}};
}

template <class Of>
void bind_sequence(nb::module_& module, const char* name, const char* about) {
  using Sequence = typename Of::Sequence;
  nb::class_<Sequence>(module, name, about)
      .def("__len__", [](const Sequence& all) { return Of::size(*all.model); })
      .def("__getitem__", &by_place<Of>, "Counts from the end where it is negative. Raises IndexError.")
      .def("__getitem__", &by_slice<Of>)
      .def("__getitem__", &by_path<Of>, "By its full name. Raises KeyError.")
      .def("__iter__", [](nb::handle self) { return nb::steal<nb::object>(PySeqIter_New(self.ptr())); })
      .def("__contains__", [](const Sequence& all, std::string_view path) { return Of::at(*all.model, path) != kNone; })
      .def("__contains__",
           [](const Sequence& all, const typename Of::View& element) { return element.model == all.model; })
      .def(
          "__contains__", [](const Sequence&, nb::handle) { return false; }, nb::arg().none());
}

}  // namespace

void bind_sequences(nb::module_& module) {
  bind_sequence<OfModules>(module, "Modules", "All modules, the root first and a parent before its children.");
  bind_sequence<OfTensors>(module, "Tensors", "All parameters and buffers, in the order of the file.");
}

}  // namespace weigh::python
