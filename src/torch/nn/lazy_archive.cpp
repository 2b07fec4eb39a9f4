// Lazy layers in archives of torch::save. A tensor without a shape is a line of text there, such as
// "weigh.uninitialized Float", and a parameter that the layer does without "weigh.dropped": no reader can take them for
// tensors.
#include <algorithm>
#include <string>

#include <torch/torch.h>

#include "nn/uninitialized_impl.h"

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

namespace {

const std::string kUninitialized = "weigh.uninitialized ";
const std::string kDropped = "weigh.dropped";

void write(torch::serialize::OutputArchive& archive, const std::string& name, const torch::Tensor& tensor,
           bool is_buffer) {
  if (is_uninitialized(tensor))
    archive.write(name, c10::IValue(kUninitialized + c10::toString(tensor.scalar_type())));
  else
    archive.write(name, tensor, is_buffer);
}

torch::optional<c10::ScalarType> type_called(const std::string& name) {
  for (int i = 0; i < static_cast<int>(c10::ScalarType::NumOptions); ++i)
    if (name == c10::toString(static_cast<c10::ScalarType>(i))) return static_cast<c10::ScalarType>(i);
  return {};
}

// The text where a tensor should be; empty where there is a tensor, or nothing.
std::string mark(torch::serialize::InputArchive& archive, const std::string& name) {
  c10::IValue found;
  return archive.try_read(name, found) && found.isString() ? found.toStringRef() : "";
}

}  // namespace

void LazyLayer::write_to(torch::serialize::OutputArchive& archive) const {
  for (const auto& own : as_module().named_parameters(false)) write(archive, own.key(), own.value(), false);
  for (const auto& own : as_module().named_buffers(false)) write(archive, own.key(), own.value(), true);
  for (const std::string& name : dropped_) archive.write(name, c10::IValue(kDropped));
  for (const auto& child : as_module().named_children()) {
    if (!child.value()->is_serializable()) continue;
    torch::serialize::OutputArchive nested(archive.compilation_unit());
    child.value()->save(nested);
    archive.write(child.key(), nested);
  }
}

void LazyLayer::read_tensor(torch::serialize::InputArchive& archive, const std::string& name, torch::Tensor& tensor,
                            bool is_buffer) {
  const std::string text = mark(archive, name);
  if (text.empty()) return archive.read(name, tensor, is_buffer);
  const std::string state = text == kDropped ? " does not exist" : " is not initialised";
  if (!is_uninitialized(tensor))
    fail(name + state + " in the archive, but it has values here; load into a layer that is not initialised");
  if (text == kDropped) return drop(tensor);
  const auto type = type_called(text.substr(std::min(text.size(), kUninitialized.size())));
  if (!type) fail("the archive says of " + name + " what this version does not know: " + text);
  tensor.set_data(tensor.to(*type));
}

void LazyLayer::read_from(torch::serialize::InputArchive& archive) {
  for (const std::string& name : dropped_)
    if (mark(archive, name) != kDropped) fail("it does without " + name + ", but the archive does not");
  for (auto& own : as_module().named_parameters(false)) read_tensor(archive, own.key(), own.value(), false);
  for (auto& own : as_module().named_buffers(false)) read_tensor(archive, own.key(), own.value(), true);
  for (const auto& child : as_module().named_children()) {
    if (!child.value()->is_serializable()) continue;
    torch::serialize::InputArchive nested;
    archive.read(child.key(), nested);
    child.value()->load(nested);
  }
}

}  // namespace weigh::nn
