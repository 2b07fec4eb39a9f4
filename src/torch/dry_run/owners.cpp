#include "dry_run/owners.h"

#include <algorithm>

namespace weigh::dry_run {

const c10::StorageImpl* storage_of(const at::Tensor& tensor) {
  return tensor.defined() && tensor.has_storage() ? tensor.storage().unsafeGetStorageImpl() : nullptr;
}

void Owners::add(const at::Tensor& tensor, Index module) {
  const c10::StorageImpl* storage = storage_of(tensor);
  if (storage == nullptr) return;
  Owned& owned = by_storage_[storage];
  owned.storage = tensor.storage();
  if (std::find(owned.modules.begin(), owned.modules.end(), module) == owned.modules.end())
    owned.modules.push_back(module);
}

const Owners::Modules* Owners::of(const at::Tensor& tensor) const {
  const auto found = by_storage_.find(storage_of(tensor));
  return found == by_storage_.end() ? nullptr : &found->second.modules;
}

}  // namespace weigh::dry_run
