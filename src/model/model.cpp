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

Count Model::bytes(const Tensor& tensor) const {
  bool measured = tensor.layout != Layout::strided || tensor.dtype == DType::unknown;
  if (tensor.state == State::initialised && measured) return tensor.stored_bytes;
  if (tensor.dtype == DType::unknown) return Count::unknown();
  Count elements = numel(tensor);
  unsigned width = bits(tensor.dtype);
  if (width >= 8) return elements *= width / 8;
  // Packed types have known shapes: no format stores an uninitialised one.
  return (elements.known() * width + 7) / 8;
}

std::string_view Model::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > kChunk / 4) return adopt(std::string(text));
  if (kChunk - chunk_used_ < text.size()) {
    chunks_.push_back(std::make_unique<char[]>(kChunk));
    chunk_used_ = 0;
  }
  char* place = chunks_.back().get() + chunk_used_;
  std::memcpy(place, text.data(), text.size());
  chunk_used_ += text.size();
  return {place, text.size()};
}

std::string_view Model::adopt(std::string&& text) {
  adopted_.push_back(std::make_unique<std::string>(std::move(text)));
  return *adopted_.back();
}

}  // namespace weigh
