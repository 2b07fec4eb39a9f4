// Lazy layers in archives of torch::save. A tensor without a shape is a line of text there, such as
// "weigh.uninitialized Float": no reader can take it for a tensor.
#include <string>

#include <torch/torch.h>

#include "nn/uninitialized_impl.h"

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

namespace {

const std::string kMark = "weigh.uninitialized ";

void write(torch::serialize::OutputArchive& archive, const std::string& name, const torch::Tensor& tensor,
           bool is_buffer) {
  if (is_uninitialized(tensor))
    archive.write(name, c10::IValue(kMark + c10::toString(tensor.scalar_type())));
  else
    archive.write(name, tensor, is_buffer);
}

torch::optional<c10::ScalarType> type_called(const std::string& name) {
  for (int i = 0; i < static_cast<int>(c10::ScalarType::NumOptions); ++i)
    if (name == c10::toString(static_cast<c10::ScalarType>(i))) return static_cast<c10::ScalarType>(i);
  return {};
}

bool is_mark(const c10::IValue& value) { return value.isString() && value.toStringRef().starts_with(kMark); }

}  // namespace

void LazyLayer::write_to(torch::serialize::OutputArchive& archive) const {
  for (const auto& own : as_module().named_parameters(false)) write(archive, own.key(), own.value(), false);
  for (const auto& own : as_module().named_buffers(false)) write(archive, own.key(), own.value(), true);
  for (const auto& child : as_module().named_children()) {
    if (!child.value()->is_serializable()) continue;
    torch::serialize::OutputArchive nested(archive.compilation_unit());
    child.value()->save(nested);
    archive.write(child.key(), nested);
  }
}

void LazyLayer::read_from(torch::serialize::InputArchive& archive) {
  c10::IValue found;
  const auto parameters = as_module().named_parameters(false);
  for (const std::string& name : dropped_)
    if (archive.try_read(name, found)) fail("the archive has " + name + ", which this layer was found to do without");
  for (auto& own : own_tensors()) {
    torch::Tensor& tensor = own.value();
    const bool is_there = archive.try_read(own.key(), found);
    if (is_there && is_mark(found)) {
      if (!is_uninitialized(tensor))
        fail(own.key() + " is not initialised in the archive, but it is here; load into a layer that is not, either");
      const auto type = type_called(found.toStringRef().substr(kMark.size()));
      if (type) tensor.set_data(tensor.to(*type));
    } else if (!is_there && is_uninitialized(tensor) && parameters.contains(own.key())) {
      drop(tensor);
    } else {
      archive.read(own.key(), tensor, !parameters.contains(own.key()));
    }
  }
  for (const auto& child : as_module().named_children()) {
    if (!child.value()->is_serializable()) continue;
    torch::serialize::InputArchive nested;
    archive.read(child.key(), nested);
    child.value()->load(nested);
  }
}

}  // namespace weigh::nn
