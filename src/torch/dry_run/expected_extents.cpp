#include "dry_run/expected_extents.h"

namespace weigh::dry_run {

std::optional<std::vector<Extent>> ExpectedExtents::of(const Place& place, const std::string& tensor) {
  const auto* layer = dynamic_cast<const nn::ExpectsShapes*>(place.layer);
  if (layer == nullptr) return std::nullopt;
  const std::optional<nn::ExpectedShape> shape = layer->expected_shape(tensor);
  if (!shape) return std::nullopt;
  const auto* above = dynamic_cast<const nn::PassesInput*>(place.above);
  const Index owner = above != nullptr && above->passes_input_to(place.name) ? place.parent : place.module;
  std::vector<Extent> extents;
  for (const nn::ExpectedSize& size : *shape)
    extents.push_back(size.is_known() ? Extent(static_cast<std::uint64_t>(size.size))
                                      : Extent::unknown(symbol(owner, size.name)));
  return extents;
}

SymbolId ExpectedExtents::symbol(Index owner, const std::string& name) {
  const auto [found, is_new] = symbols_.try_emplace({owner, name});
  if (is_new) found->second = builder_.symbol(name, owner);
  return found->second;
}

}  // namespace weigh::dry_run
