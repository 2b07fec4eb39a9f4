#include "dry_run/known_extents.h"

namespace weigh::dry_run {

std::optional<std::vector<Extent>> KnownExtents::of(const torch::nn::Module& layer, Index module, Index parent,
                                                    const std::string& tensor) {
  const auto* lazy = dynamic_cast<const nn::LazyLayer*>(&layer);
  const std::vector<nn::KnownSize> sizes = lazy == nullptr ? std::vector<nn::KnownSize>() : lazy->known_sizes(tensor);
  if (sizes.empty()) return std::nullopt;
  std::vector<Extent> extents;
  for (const nn::KnownSize& size : sizes) {
    const Index owner = size.of_parent && parent != kNone ? parent : module;
    extents.push_back(size.is_known() ? Extent(static_cast<std::uint64_t>(size.size))
                                      : Extent::unknown(symbol(owner, size.name)));
  }
  return extents;
}

SymbolId KnownExtents::symbol(Index owner, const std::string& name) {
  const auto [found, is_new] = symbols_.try_emplace({owner, name});
  if (is_new) found->second = builder_.symbol(name, owner);
  return found->second;
}

}  // namespace weigh::dry_run
