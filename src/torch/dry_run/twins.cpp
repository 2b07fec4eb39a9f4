#include "dry_run/twins.h"

#include <cstdlib>
#include <new>
#include <utility>

#include "dry_run/intercept.h"

namespace weigh::dry_run {

at::Tensor Twins::bare(const at::Tensor& tensor) {
  const Uninterrupted uninterrupted;
  const auto options = at::TensorOptions().dtype(tensor.dtype()).device(at::kMeta);
  at::Tensor twin = tensor.layout() == at::kStrided && !tensor.is_quantized()
                        ? at::empty_strided(tensor.sizes(), tensor.strides(), options)
                        : at::empty(tensor.sizes(), options);
  // A number written in the program counts less for the type of a result than a tensor does.
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) twin.unsafeGetTensorImpl()->set_wrapped_number(true);
  return twin;
}

at::Tensor Twins::of(const at::Tensor& tensor) {
  if (!tensor.defined()) return tensor;
  if (at::Tensor twin = find(tensor); twin.defined()) return twin;
  if (tensor.is_meta()) return tensor;
  // These are made anew for each operator that takes a number: there would be no end of them.
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return bare(tensor);
  return make(tensor);
}

at::Tensor Twins::make(const at::Tensor& tensor) {
  at::Tensor twin = bare(tensor);
  set(tensor, twin);
  if (made_) made_(tensor, twin);
  return twin;
}

at::Tensor Twins::make_once(const at::Tensor& tensor) const {
  at::Tensor twin = bare(tensor);
  if (made_) made_(tensor, twin);
  return twin;
}

at::Tensor Twins::find(const at::Tensor& tensor) const {
  const auto found = pairs_.find(tensor.unsafeGetTensorImpl());
  return found == pairs_.end() ? at::Tensor() : found->second.twin;
}

void Twins::set(const at::Tensor& tensor, at::Tensor twin) {
  pairs_[tensor.unsafeGetTensorImpl()] = {tensor, std::move(twin)};
}

at::Tensor empty_vector(std::int64_t size, at::ScalarType dtype) {
  const auto bytes = static_cast<std::size_t>(size) * at::elementSize(dtype);
  void* memory = std::malloc(bytes > 0 ? bytes : 1);
  if (memory == nullptr) throw std::bad_alloc();
  c10::DataPtr data(memory, memory, &std::free, c10::Device(at::kMeta));
  c10::Storage storage(c10::Storage::use_byte_size_t(), bytes, std::move(data), c10::GetAllocator(at::kMeta), true);
  auto tensor = at::detail::make_tensor<c10::TensorImpl>(
      std::move(storage), c10::DispatchKeySet(c10::DispatchKey::Meta), c10::scalarTypeToTypeMeta(dtype));
  tensor.unsafeGetTensorImpl()->set_sizes_contiguous({size});
  return tensor;
}

}  // namespace weigh::dry_run
