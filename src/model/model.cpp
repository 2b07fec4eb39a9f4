#include "weigh/model.h"

#include <algorithm>
#include <cstring>

namespace weigh {

Count Model::numel(const Tensor& tensor) const {
  if (!tensor.rank_known()) return Count::unknown();
  if (tensor.layout == Layout::nested) {
    const auto found = std::lower_bound(nested_elements.begin(), nested_elements.end(),
                                        std::pair(tensor.first_extent, std::uint64_t{0}));
    if (found != nested_elements.end() && found->first == tensor.first_extent) return found->second;
  }
  Count count = 1;
  for (const Extent* extent = shape_begin(tensor); extent != shape_end(tensor); ++extent) {
    if (extent->is_known()) {
      count *= extent->size();
    } else {
      count = count * Count::of(*extent);
    }
  }
  return count;
}

Count Model::bytes(const Tensor& tensor, const Count& numel) const {
  bool measured = tensor.layout != Layout::strided || tensor.dtype == DType::unknown;
  if (tensor.state == State::initialised && measured) return tensor.stored_bytes;
  if (tensor.dtype == DType::unknown) return Count::unknown();
  const unsigned width = bits(tensor.dtype);
  if (width >= 8) return Count(numel) *= width / 8;
  // Packed types have known shapes: no format stores an uninitialised one.
  return numel.known() / 8 * width + (numel.known() % 8 * width + 7) / 8;
}

std::string_view Model::keep(std::string_view text) {
  if (text.empty()) return {};
  char* place = nullptr;
  if (text.size() > kChunk / 4) {
    place = adopted_.emplace_back(std::make_unique<char[]>(text.size())).get();
  } else {
    if (kChunk - chunk_used_ < text.size()) {
      chunks_.push_back(std::make_unique<char[]>(kChunk));
      chunk_used_ = 0;
    }
    place = chunks_.back().get() + chunk_used_;
    chunk_used_ += text.size();
  }
  std::memcpy(place, text.data(), text.size());
  return {place, text.size()};
}

}  // namespace weigh
