#include "weigh/model.h"

#include <algorithm>
#include <iterator>

namespace weigh {

Count Model::numel(const Tensor& tensor) const {
  if (!tensor.rank_known()) return Count::unknown();
  if (tensor.layout == Layout::nested) {
    const auto found = std::lower_bound(nested_elements.begin(), nested_elements.end(),
                                        std::pair(tensor.first_extent, std::uint64_t{0}));
    if (found != nested_elements.end() && found->first == tensor.first_extent) return found->second;
  }
  const Extent* extent = shape_begin(tensor);
  const Extent* end = shape_end(tensor);
  // Mostly all are known, and numbers are faster than counts.
  std::uint64_t number = 1;
  for (std::uint64_t product = 0; extent != end && extent->is_known(); ++extent, number = product)
    if (__builtin_mul_overflow(number, extent->size(), &product)) break;
  Count count = number;
  for (; extent != end; ++extent) count = count * Count::of(*extent);
  return count;
}

Count Model::bytes(const Tensor& tensor, const Count& numel) const {
  bool measured = tensor.layout != Layout::strided || tensor.dtype == DType::unknown;
  const bool is_told = tensor.dtype != DType::unknown || tensor.stored_bytes != 0 || numel == Count(0);
  if (tensor.state == State::initialised && measured && is_told) return tensor.stored_bytes;
  if (tensor.dtype == DType::unknown) return Count::unknown();
  const unsigned width = bits(tensor.dtype);
  if (width >= 8) return Count(numel) *= width / 8;
  // Packed types have known shapes: no format stores an uninitialised one.
  return numel.known() / 8 * width + (numel.known() % 8 * width + 7) / 8;
}

std::string Model::path_of(Index module) const {
  std::size_t size = 0;
  for (Index at = module; at != 0; at = modules[at].parent) size += modules[at].name.size() + 1;
  if (size == 0) return {};
  std::string path(size - 1, '.');
  // From the back: a name, and the dot before it.
  for (Index at = module; at != 0; at = modules[at].parent) {
    const std::string_view name = modules[at].name;
    size -= name.size() + 1;
    name.copy(path.data() + size, name.size());
  }
  return path;
}

std::string Model::path_of(Index module, std::string_view name) const {
  if (module == 0) return std::string(name);
  return path_of(module).append(1, '.').append(name);
}

std::string_view Model::keep(std::string_view text) {
  if (text.empty()) return {};
  if (text.size() > kFirstChunk / 2) {  // a chunk of its own, and the last one stays in use
    char* place = text_.emplace_back(std::make_unique_for_overwrite<char[]>(text.size())).get();
    return {place, text.copy(place, text.size())};
  }
  if (text.size() > chunk_left_) {
    chunk_left_ = text_.empty() ? kFirstChunk : kChunk;
    chunk_ = text_.emplace_back(std::make_unique_for_overwrite<char[]>(chunk_left_)).get();
  }
  const std::string_view kept(chunk_, text.copy(chunk_, text.size()));
  chunk_ += text.size();
  chunk_left_ -= text.size();
  return kept;
}

void Model::adopt_text(Model& other) {
  std::move(other.text_.begin(), other.text_.end(), std::back_inserter(text_));
  other.text_.clear();
  other.chunk_ = nullptr;
  other.chunk_left_ = 0;
}

}  // namespace weigh
