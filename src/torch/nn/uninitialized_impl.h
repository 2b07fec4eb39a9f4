// What stands behind a tensor without a shape. It answers what is known (dtype, device, requires_grad) and refuses the
// rest by name. set_data() from a real tensor makes it real in place.
#pragma once

#include <string>

#include <c10/core/TensorImpl.h>
#include <torch/torch.h>

namespace weigh::nn {

// Per tensor, above autograd: every operator that takes such a tensor arrives at our fallback before libtorch asks for
// its shape. libtorch does so in noexcept code, where an exception would end the process.
constexpr auto kUninitializedKey = c10::DispatchKey::TESTING_ONLY_GenericWrapper;

// How messages name it: "weigh::nn::LazyLinear: weight …", or "a parameter …" where nobody gave it a name.
struct TensorName {
  std::string owner;
  std::string name;
  bool is_buffer = false;

  std::string text() const;
};

class UninitializedImpl final : public c10::TensorImpl {
 public:
  UninitializedImpl(const torch::TensorOptions& options, TensorName name);

  bool is_uninitialized() const { return key_set_.has(kUninitializedKey); }
  const TensorName& name() const { return name_; }
  void set_name(TensorName name) { name_ = std::move(name); }
  torch::TensorOptions options() const;
  // Back to no shape: its initialisation failed half-way.
  void forget();

  bool has_storage() const override;
  const at::Storage& storage() const override;
  c10::intrusive_ptr<TensorImpl> shallow_copy_and_detach(const c10::VariableVersion& version,
                                                         bool allow_tensor_metadata_change) const override;
  c10::intrusive_ptr<TensorImpl> shallow_copy_and_detach(c10::VariableVersion&& version,
                                                         bool allow_tensor_metadata_change) const override;
  void shallow_copy_from(const c10::intrusive_ptr<TensorImpl>& source) override;

 private:
  // The stand-in that a dry run has for it. Refuses where there is none.
  torch::Tensor twin_or_refuse() const;

  at::IntArrayRef sizes_custom() const override;
  at::IntArrayRef strides_custom() const override;
  int64_t dim_custom() const override;
  int64_t numel_custom() const override;
  int64_t storage_offset_custom() const override;
  c10::SymIntArrayRef sym_sizes_custom() const override;
  c10::SymIntArrayRef sym_strides_custom() const override;
  c10::SymInt sym_numel_custom() const override;
  const char* tensorimpl_type_name() const override { return "weigh::nn::UninitializedImpl"; }

  TensorName name_;
};

// Null for every tensor that has a shape.
UninitializedImpl* uninitialized_impl(const torch::Tensor& tensor);

// Takes shape and data from a tensor that is or was uninitialised.
void forget(const torch::Tensor& tensor);

torch::Tensor make_uninitialized(const torch::TensorOptions& options, TensorName name);

}  // namespace weigh::nn
