#include "analysis/fold.h"

#include <string_view>

#include "bytes/hash.h"

namespace weigh {
namespace {

// Exporters of graphs number what has no name: "onnx::MatMul_69" in one layer is "onnx::MatMul_81" in the next.
std::string_view without_number(std::string_view name) {
  while (!name.empty() && name.back() >= '0' && name.back() <= '9') name.remove_suffix(1);
  return name;
}

// bitsandbytes keeps facts of a layer as a text, whose numbers have more or fewer digits.
bool is_text(const Tensor& tensor) { return tensor.dtype == DType::uint8 && tensor.name.starts_with("bitsandbytes__"); }

std::uint64_t fingerprint(const Model& model, Index index) {
  const Tensor& tensor = model.tensors[index];
  if (tensor.tied_to != kNone || !tensor.rank_known()) return mix(index, 1);
  std::uint64_t kind = static_cast<std::uint64_t>(tensor.dtype) << 32 | static_cast<std::uint64_t>(tensor.role) << 24 |
                       static_cast<std::uint64_t>(tensor.state) << 16 |
                       static_cast<std::uint64_t>(tensor.requires_grad) << 8 |
                       static_cast<std::uint64_t>(tensor.layout);
  std::uint64_t hash = mix(hash_of(without_number(tensor.name)), kind);
  if (is_text(tensor)) return hash;
  hash = mix(hash, tensor.stored_bytes);
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
    std::uint64_t hash = mix(hash_of(module.type), static_cast<std::uint64_t>(module.mode) << 1 | module.lazy);
    // Equal layers at different resolutions.
    if (!model.runs.empty()) hash = mix(hash, model.runs[i].flops.known());
    // Sums, since the order of tensors may be an accident of how shards were cut.
    std::uint64_t sum = 0;
    if (module.alias_of != kNone) hash = mix(hash, i);
    for (Index tensor = module.first_tensor; tensor != kNone; tensor = model.tensors[tensor].next)
      sum += fingerprint(model, tensor);
    for (Index child = module.first_child; child != kNone; child = model.modules[child].next)
      sum += mix(hash_of(model.modules[child].name), prints[child]);
    prints[i] = mix(hash, sum);
  }
  return prints;
}

}  // namespace weigh
