#include "dry_run/snapshot.h"

#include <mutex>

#include "dry_run/intercept.h"
#include "dry_run/owners.h"
#include "dry_run/private_member.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {

struct Training {
  using Type = bool torch::nn::Module::*;
  friend Type member_of(Training tag);
};
template struct PrivateMember<Training, &torch::nn::Module::is_training_>;

Snapshot::Snapshot(std::vector<torch::nn::Module*> modules, const std::vector<at::Tensor>& tensors,
                   const std::vector<at::Tensor>& inputs)
    : modules_(std::move(modules)), generator_(at::detail::getDefaultCPUGenerator()) {
  for (const torch::nn::Module* module : modules_) was_training_.push_back(module->is_training() ? 1 : 0);
  for (const at::Tensor& tensor : tensors) {
    Entry entry{tensor, tensor.grad(), {}, tensor.requires_grad()};
    if (!nn::is_uninitialized(tensor)) {
      entry.alias = tensor.variable_data();
      count_apart(tensor);
    }
    if (entry.grad.defined()) count_apart(entry.grad);
    entries_.push_back(std::move(entry));
  }
  for (const at::Tensor& input : inputs) count_apart(input);
  const std::lock_guard lock(generator_.mutex());
  seed_ = generator_.current_seed();
  random_state_ = generator_.get_state();
}

void Snapshot::count_apart(const at::Tensor& tensor) {
  c10::TensorImpl* impl = tensor.unsafeGetTensorImpl();
  if (!impl->version_counter().enabled()) return;
  versions_.push_back({tensor, impl->version_counter()});
  impl->set_version_counter(c10::VariableVersion(impl->version_counter().current_version()));
}

void Snapshot::before_write(const at::Tensor& tensor) {
  const c10::StorageImpl* storage = storage_of(tensor);
  if (storage == nullptr || memory_.count(storage) > 0) return;
  const torch::NoGradGuard no_grad;
  const Uninterrupted uninterrupted;
  const auto size = static_cast<std::int64_t>(tensor.storage().nbytes());
  at::Tensor bytes = at::empty({0}, tensor.options().dtype(at::kByte).requires_grad(false));
  bytes.set_(tensor.storage(), 0, {size}, {1});
  memory_.emplace(storage, Memory{bytes, bytes.clone()});
  count_apart(tensor);
}

Snapshot::~Snapshot() {
  const torch::NoGradGuard no_grad;
  restore_memory();
  restore_tensors();
  restore_random_state();
  for (std::size_t i = 0; i < modules_.size(); ++i) modules_[i]->*member_of(Training()) = was_training_[i] != 0;
}

void Snapshot::restore_memory() {
  for (auto& [storage, memory] : memory_) memory.bytes.copy_(memory.values);
}

void Snapshot::restore_tensors() {
  for (Entry& entry : entries_) {
    at::Tensor& tensor = entry.tensor;
    if (entry.alias.defined() && (storage_of(tensor) != storage_of(entry.alias) ||
                                  tensor.sizes() != entry.alias.sizes() || tensor.strides() != entry.alias.strides()))
      tensor.set_data(entry.alias);
    if (!tensor.grad().is_same(entry.grad)) tensor.mutable_grad() = entry.grad;
    if (tensor.requires_grad() != entry.requires_grad) tensor.set_requires_grad(entry.requires_grad);
  }
  for (auto version = versions_.rbegin(); version != versions_.rend(); ++version)
    version->tensor.unsafeGetTensorImpl()->set_version_counter(version->version);
}

// A run that draws no random numbers may seed all the same, by a call that is no operator. If it did not, the state is
// left alone: other threads draw from it.
void Snapshot::restore_random_state() {
  const std::lock_guard lock(generator_.mutex());
  if (draws_ || generator_.current_seed() != seed_) generator_.set_state(random_state_);
}

}  // namespace weigh::dry_run
