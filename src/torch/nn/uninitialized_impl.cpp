#include "nn/uninitialized_impl.h"

#include "nn/observer.h"

#include "weigh/error.h"

namespace weigh::nn {

namespace {

c10::DispatchKeySet keys_of(const torch::TensorOptions& options) {
  return c10::DispatchKeySet({options.computeDispatchKey(), kUninitializedKey});
}

}  // namespace

std::string TensorName::text() const {
  if (name.empty()) return is_buffer ? "a buffer" : "a parameter";
  return name;
}

UninitializedImpl::UninitializedImpl(const torch::TensorOptions& options, TensorName name)
    : c10::TensorImpl(keys_of(options), options.dtype(), options.device()), name_(std::move(name)) {
  set_custom_sizes_strides(SizesStridesPolicy::CustomSizes);
}

torch::TensorOptions UninitializedImpl::options() const {
  return torch::TensorOptions().dtype(dtype()).device(device());
}

void UninitializedImpl::forget() {
  storage_ = {};
  key_set_ = key_set_.add(kUninitializedKey);
  set_custom_sizes_strides(SizesStridesPolicy::CustomSizes);
}

torch::Tensor UninitializedImpl::twin_or_refuse() const {
  if (const Observer* observer = Observer::current()) {
    auto* self = const_cast<UninitializedImpl*>(this);  // NOLINT: a handle to ask with, nothing is changed
    torch::Tensor twin = observer->twin(torch::Tensor(c10::intrusive_ptr<TensorImpl>::reclaim_copy(self)));
    if (twin.defined()) return twin;
  }
  throw Error(ErrorKind::usage, name_.owner,
              name_.text() +
                  " is not initialised yet and has no shape or data; run a forward, load weights or call "
                  "materialize() first");
}

bool UninitializedImpl::has_storage() const {
  if (is_uninitialized()) twin_or_refuse();
  return TensorImpl::has_storage();
}

const at::Storage& UninitializedImpl::storage() const {
  if (is_uninitialized()) twin_or_refuse();
  return TensorImpl::storage();
}

c10::intrusive_ptr<c10::TensorImpl> UninitializedImpl::shallow_copy_and_detach(
    const c10::VariableVersion& version, bool allow_tensor_metadata_change) const {
  if (!is_uninitialized()) return TensorImpl::shallow_copy_and_detach(version, allow_tensor_metadata_change);
  auto copy = c10::make_intrusive<UninitializedImpl>(options(), name_);
  copy->set_version_counter(version);
  copy->set_allow_tensor_metadata_change(allow_tensor_metadata_change);
  return copy;
}

c10::intrusive_ptr<c10::TensorImpl> UninitializedImpl::shallow_copy_and_detach(
    c10::VariableVersion&& version, bool allow_tensor_metadata_change) const {
  const c10::VariableVersion held = std::move(version);
  return shallow_copy_and_detach(held, allow_tensor_metadata_change);
}

void UninitializedImpl::shallow_copy_from(const c10::intrusive_ptr<TensorImpl>& source) {
  if (source->key_set().has(kUninitializedKey)) {
    data_type_ = source->dtype();
    device_opt_ = source->device();
    key_set_ = source->key_set();
    return;
  }
  set_custom_sizes_strides(SizesStridesPolicy::Default);
  TensorImpl::shallow_copy_from(source);
}

at::IntArrayRef UninitializedImpl::sizes_custom() const { return twin_or_refuse().sizes(); }
at::IntArrayRef UninitializedImpl::strides_custom() const { return twin_or_refuse().strides(); }
int64_t UninitializedImpl::dim_custom() const { return twin_or_refuse().dim(); }
int64_t UninitializedImpl::numel_custom() const { return twin_or_refuse().numel(); }
int64_t UninitializedImpl::storage_offset_custom() const { return twin_or_refuse().storage_offset(); }
c10::SymIntArrayRef UninitializedImpl::sym_sizes_custom() const { return twin_or_refuse().sym_sizes(); }
c10::SymIntArrayRef UninitializedImpl::sym_strides_custom() const { return twin_or_refuse().sym_strides(); }
c10::SymInt UninitializedImpl::sym_numel_custom() const { return twin_or_refuse().sym_numel(); }

UninitializedImpl* uninitialized_impl(const torch::Tensor& tensor) {
  if (!tensor.defined() || !tensor.key_set().has(kUninitializedKey)) return nullptr;
  return static_cast<UninitializedImpl*>(tensor.unsafeGetTensorImpl());
}

void forget(const torch::Tensor& tensor) { static_cast<UninitializedImpl*>(tensor.unsafeGetTensorImpl())->forget(); }

torch::Tensor make_uninitialized(const torch::TensorOptions& options, TensorName name) {
  return torch::Tensor(c10::make_intrusive<UninitializedImpl>(options, std::move(name)));
}

}  // namespace weigh::nn
