// Which layer a tensor belongs to: a parameter or buffer, or what was made of such alone (a view, a transpose, a mask
// times a weight). Told by the memory that it lies in.
#pragma once

#include <unordered_map>

#include <c10/util/SmallVector.h>
#include <torch/torch.h>

#include "weigh/model.h"

namespace weigh::dry_run {

class Owners {
 public:
  using Modules = c10::SmallVector<Index, 2>;

  void reserve(std::size_t storages) { by_storage_.reserve(storages); }
  // A tensor that is tied belongs to more than one.
  void add(const at::Tensor& tensor, Index module);
  // Null for a tensor that no layer owns.
  const Modules* of(const at::Tensor& tensor) const;

 private:
  struct Owned {
    c10::Storage storage;  // kept alive: another must not come to lie at its address
    Modules modules;
  };
  std::unordered_map<const c10::StorageImpl*, Owned> by_storage_;
};

// Where a tensor lies; null where it has no storage (sparse).
const c10::StorageImpl* storage_of(const at::Tensor& tensor);

}  // namespace weigh::dry_run
