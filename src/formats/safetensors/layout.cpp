#include "formats/safetensors/layout.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "weigh/error.h"

namespace weigh {

// Of the tensors that follow each other from byte 0 on. Strays stand in the order of tensors.
std::vector<std::uint64_t> SafetensorsLayout::ends_in_order(const std::vector<Tensor>& tensors) const {
  std::vector<std::uint64_t> ends = {0};
  auto stray = strays_.begin();
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    if (stray != strays_.end() && stray->tensor == i) {
      ++stray;
    } else {
      ends.push_back(ends.back() + tensors[i].stored_bytes);
    }
  }
  return ends;
}

void SafetensorsLayout::check(const SafetensorsHeader& header, std::uint64_t data_size) {
  const auto fail = [&](ErrorKind kind, const std::string& message) { throw Error(kind, header.label, message); };
  auto by_begin = [](const Range& a, const Range& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); };
  const std::vector<std::uint64_t> ends =
      strays_.empty() ? std::vector<std::uint64_t>() : ends_in_order(header.tensors);
  std::sort(strays_.begin(), strays_.end(), by_begin);
  std::uint64_t end = end_;
  for (const Range& range : strays_) {
    const bool is_empty_between = range.begin == range.end && std::binary_search(ends.begin(), ends.end(), range.end);
    if (is_empty_between) continue;
    if (range.begin != end) {
      fail(ErrorKind::corrupt,
           fmt::format("tensor '{}' begins at {}, the one before it ends at {}; tensors may not overlap or leave holes",
                       header.tensors[range.tensor].name.substr(0, 200), range.begin, end));
    }
    end = range.end;
  }
  if (end > data_size) {
    fail(ErrorKind::truncated,
         fmt::format("its tensors need {} bytes, {} are there; is the download incomplete?", end, data_size));
  }
  if (end < data_size)
    fail(ErrorKind::corrupt, fmt::format("{} bytes follow the last tensor, which ends at {}", data_size - end, end));
}

}  // namespace weigh
