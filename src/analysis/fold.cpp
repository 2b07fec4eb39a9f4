#include "analysis/fold.h"

#include <functional>
#include <string_view>

namespace weigh {
namespace {

std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  hash = (hash ^ value) * 0x9E37'79B9'7F4A'7C15;
  return hash ^ (hash >> 32);
}

std::uint64_t of(std::string_view text) { return std::hash<std::string_view>{}(text); }

std::uint64_t fingerprint(const Model& model, Index index) {
  const Tensor& tensor = model.tensors[index];
  if (tensor.tied_to != kNone || !tensor.rank_known()) return mix(index, 1);
  std::string_view name = tensor.path.substr(tensor.path.rfind('.') + 1);
  std::uint64_t kind = static_cast<std::uint64_t>(tensor.dtype) << 32 | static_cast<std::uint64_t>(tensor.role) << 24 |
                       static_cast<std::uint64_t>(tensor.state) << 16 |
                       static_cast<std::uint64_t>(tensor.requires_grad) << 8 |
                       static_cast<std::uint64_t>(tensor.layout);
  std::uint64_t hash = mix(mix(of(name), kind), tensor.stored_bytes);
  for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
    hash = extent->is_known() ? mix(hash, extent->size()) : mix(hash, index + (std::uint64_t{1} << 63));
  return hash;
}

}  // namespace

std::vector<std::uint64_t> fingerprints(const Model& model) {
  std::vector<std::uint64_t> prints(model.modules.size());
  // Children stand behind their parents.
  for (std::size_t i = model.modules.size(); i-- > 0;) {
    const Module& module = model.modules[i];
    std::uint64_t hash = mix(of(module.type), static_cast<std::uint64_t>(module.mode) << 1 | module.lazy);
    if (module.alias_of != kNone) hash = mix(hash, i);
    for (Index tensor = module.first_tensor; tensor != kNone; tensor = model.tensors[tensor].next)
      hash = mix(hash, fingerprint(model, tensor));
    for (Index child = module.first_child; child != kNone; child = model.modules[child].next)
      hash = mix(mix(hash, of(model.modules[child].name())), prints[child]);
    prints[i] = hash;
  }
  return prints;
}

}  // namespace weigh
