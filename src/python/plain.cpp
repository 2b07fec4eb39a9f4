// The short way past what nearly all layers hold, python/weighbridge/live/plain.py: a model may have a hundred thousand
// of them, and Python takes five times as long for the same looks.
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "weigh/live.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace weigh::python {
namespace {

// What is looked for, made once.
struct Words {
  nb::object dict = nb::str("__dict__"), is_meta = nb::str("is_meta"), layout = nb::str("layout"),
             dtype = nb::str("dtype"), shape = nb::str("shape"), untyped_storage = nb::str("untyped_storage"),
             cdata = nb::str("_cdata"), is_contiguous = nb::str("is_contiguous"),
             storage_offset = nb::str("storage_offset"), requires_grad = nb::str("requires_grad");
};

class PlainLayers {
 public:
  // Types of plain tensors, their layout, what tells name and bytes of a dtype, and the dictionaries of plain.py.
  PlainLayers(nb::tuple types, nb::object layout, nb::callable of_dtype, nb::dict told, nb::dict tensors)
      : types_(std::move(types)),
        layout_(std::move(layout)),
        of_dtype_(std::move(of_dtype)),
        told_(std::move(told)),
        tensors_(std::move(tensors)) {}

  // Tells the tensors of a layer; false, and nothing is told, where one of them is not plain.
  bool add(LiveModel& live, Index module, const nb::dict& parameters, const nb::dict& buffers) {
    std::vector<Found> found;
    if (!look(parameters, Role::parameter, found) || !look(buffers, Role::buffer, found)) {
      for (const Found& one : found) nb::del(told_[one.key[0]]);
      return false;
    }
    for (Found& one : found) {
      one.tensor.module = module;
      tensors_[one.key] = live.add_tensor(one.tensor);
    }
    return true;
  }

 private:
  struct Element {
    DType dtype = DType::unknown;
    std::uint64_t bytes = 0;  // 0 where elements may share bytes
  };

  struct Found {
    LiveTensor tensor;
    nb::tuple key;  // as memory_of in tensor_facts.py makes it: the same for tensors that are the same
  };

  bool look(const nb::dict& held, Role role, std::vector<Found>& found) {
    for (const auto& [name, tensor] : held)
      if (!tensor.is_none() && !look_at(name, tensor, role, found)) return false;
    return true;
  }

  bool look_at(nb::handle name, nb::handle tensor, Role role, std::vector<Found>& found) {
    if (!is_of_plain_type(tensor) || nb::len(nb::dict(tensor.attr(words_.dict))) != 0) return false;
    if (nb::cast<bool>(tensor.attr(words_.is_meta)) || !nb::object(tensor.attr(words_.layout)).is(layout_))
      return false;
    const nb::object dtype = tensor.attr(words_.dtype);
    const Element element = element_of(dtype);
    const nb::object shape = tensor.attr(words_.shape);
    auto sizes = nb::cast<std::vector<std::uint64_t>>(shape);
    std::uint64_t taken = element.bytes;
    for (const std::uint64_t size : sizes) taken *= size;
    const nb::object storage = nb::object(tensor.attr(words_.untyped_storage)()).attr(words_.cdata);
    if (taken == 0 || told_.contains(storage) || !nb::cast<bool>(tensor.attr(words_.is_contiguous)())) return false;
    const std::uint64_t begin = nb::cast<std::uint64_t>(tensor.attr(words_.storage_offset)()) * element.bytes;
    nb::list spans;
    spans.append(nb::make_tuple(begin, begin + taken));
    told_[storage] = spans;
    Found& one =
        found.emplace_back(Found{{.name = nb::cast<std::string>(name)}, nb::make_tuple(storage, begin, shape, dtype)});
    one.tensor.shape = std::move(sizes);
    one.tensor.dtype = element.dtype;
    one.tensor.role = role;
    one.tensor.requires_grad = nb::cast<bool>(tensor.attr(words_.requires_grad)) ? RequiresGrad::yes : RequiresGrad::no;
    one.tensor.stored_bytes = taken;
    return true;
  }

  // A model has few dtypes: each is asked for once.
  Element element_of(const nb::object& dtype) {
    for (const auto& [asked, element] : elements_)
      if (dtype.is(asked)) return element;
    const auto known = nb::cast<nb::tuple>(of_dtype_(dtype));
    const DType named = dtype_from_torch(nb::cast<std::string>(known[0])).value_or(DType::unknown);
    return elements_.emplace_back(dtype, Element{named, nb::cast<std::uint64_t>(known[1])}).second;
  }

  bool is_of_plain_type(nb::handle tensor) const {
    for (const nb::handle type : types_)
      if (tensor.type().is(type)) return true;
    return false;
  }

  nb::tuple types_;
  nb::object layout_;
  nb::callable of_dtype_;
  nb::dict told_, tensors_;
  std::vector<std::pair<nb::object, Element>> elements_;
  Words words_;
};

}  // namespace

void bind_plain(nb::module_& module) {
  nb::class_<PlainLayers>(module, "PlainLayers", "Tells layers all of whose tensors are plain: private to the package.")
      .def(nb::init<nb::tuple, nb::object, nb::callable, nb::dict, nb::dict>(), "types"_a, "layout"_a, "of_dtype"_a,
           "told"_a, "tensors"_a)
      .def("add", &PlainLayers::add, "live"_a, "module"_a, "parameters"_a, "buffers"_a);
}

}  // namespace weigh::python
