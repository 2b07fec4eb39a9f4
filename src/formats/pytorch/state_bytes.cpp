#include "formats/pytorch/state_bytes.h"

#include <string_view>
#include <unordered_set>

#include "bytes/checked.h"
#include "formats/pytorch/storage.h"
#include "formats/pytorch/tensors.h"
#include "formats/pytorch/walk.h"

namespace weigh::pytorch {

StateBytes weigh_state(Value state, const Archive& archive) {
  StateBytes sum;
  std::unordered_set<std::string_view> storages;
  for_each_node(state, [&](Value node) {
    if (is_tensor(node)) ++sum.tensors;
    const std::optional<Storage> storage = storage_of(node);
    if (!storage || !storages.insert(storage->key).second) return;
    // Each is at most the file's size.
    sum.bytes = checked_add(sum.bytes, archive.storage_bytes(storage->key).value_or(0)).value_or(sum.bytes);
  });
  return sum;
}

}  // namespace weigh::pytorch
