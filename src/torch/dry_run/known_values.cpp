#include "dry_run/known_values.h"

#include "dry_run/owners.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {

bool KnownValues::has(const at::Tensor& tensor) const {
  if (!tensor.defined() || !tensor.device().is_cpu() || tensor.layout() != at::kStrided) return false;
  if (tensor.unsafeGetTensorImpl()->is_wrapped_number()) return true;
  const bool counts = at::isIntegralType(tensor.scalar_type(), /*includeBool=*/true);
  const auto found = made_.find(storage_of(tensor));
  if (found != made_.end()) return !found->second.is_lost;
  return counts && !nn::is_uninitialized(tensor) && (lost_.empty() || lost_.count(storage_of(tensor)) == 0);
}

bool KnownValues::is_made(const at::Tensor& tensor) const { return made_.count(storage_of(tensor)) > 0; }

void KnownValues::add(const at::Tensor& made) {
  if (storage_of(made) != nullptr) made_.try_emplace(storage_of(made), Made{made.storage().getWeakStorageImpl()});
}

void KnownValues::lose(const at::Tensor& tensor) {
  const auto found = made_.find(storage_of(tensor));
  if (found != made_.end()) {
    found->second.is_lost = true;
  } else {
    lost_.emplace(storage_of(tensor), tensor.storage());
  }
}

bool KnownValues::spend(std::uint64_t bytes) {
  const bool fits = bytes <= kMostBytes && spent_ + bytes <= kMostBytesOfARun;
  if (fits) spent_ += bytes;
  is_exceeded_ |= !fits;
  return fits;
}

}  // namespace weigh::dry_run
