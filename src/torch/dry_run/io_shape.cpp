#include "dry_run/io_shape.h"

#include "nn/observer.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {

IOShape io_shape(const at::Tensor& tensor) {
  if (!tensor.defined()) return {};
  if (nn::is_uninitialized(tensor)) {
    const nn::Observer* observer = nn::Observer::current();
    const at::Tensor twin = observer == nullptr ? at::Tensor() : observer->twin(tensor);
    return twin.defined() ? io_shape(twin) : IOShape();
  }
  std::vector<Extent> extents;
  for (const std::int64_t size : tensor.sizes()) extents.emplace_back(static_cast<std::uint64_t>(size));
  return IOShape::tensor(std::move(extents));
}

IOShape io_shape(const c10::IValue& value) {
  std::vector<IOShape> items;
  if (value.isTensor()) return io_shape(value.toTensor());
  if (value.isTuple()) {
    for (const c10::IValue& item : value.toTupleRef().elements()) items.push_back(io_shape(item));
  } else if (value.isTensorList()) {
    for (const at::Tensor& item : value.toTensorVector()) items.push_back(io_shape(item));
  } else if (value.isList()) {
    for (const c10::IValue& item : value.toListRef()) items.push_back(io_shape(item));
  } else if (value.isGenericDict()) {
    for (const auto& item : value.toGenericDict()) items.push_back(io_shape(item.value()));
  } else {
    return {};
  }
  return IOShape::list(std::move(items));
}

IOShape io_shape(const std::vector<c10::IValue>& values) {
  std::vector<IOShape> shapes;
  for (const c10::IValue& value : values) shapes.push_back(io_shape(value));
  return one_or_list(std::move(shapes));
}

IOShape one_or_list(std::vector<IOShape> shapes) {
  if (shapes.size() == 1) return std::move(shapes[0]);
  return shapes.empty() ? IOShape() : IOShape::list(std::move(shapes));
}

}  // namespace weigh::dry_run
