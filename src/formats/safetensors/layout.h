// Where the tensors of a safetensors file lie: they cover what is behind the header exactly.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "formats/safetensors/header.h"

namespace weigh {

class SafetensorsLayout {
 public:
  // Requires: begin <= end. Tensors are numbered as they stand in the header. Writers list them in the order of their
  // bytes; those that are not are put in their places at the end.
  void place(std::uint64_t begin, std::uint64_t end, std::size_t tensor) {
    if (begin == end_) {
      end_ = end;
    } else {
      strays_.push_back({begin, end, tensor});
    }
  }

  // Whether some do not follow each other as they stand, as those of which two overlap.
  bool has_strays() const { return !strays_.empty(); }

  // Throws Error where the header's tensors overlap, leave holes or do not fill `data_size` bytes.
  void check(const SafetensorsHeader& header, std::uint64_t data_size);

 private:
  struct Range {
    std::uint64_t begin, end;
    std::size_t tensor;
  };
  std::vector<std::uint64_t> ends_in_order(const std::vector<Tensor>& tensors) const;

  std::uint64_t end_ = 0;  // of the tensors that follow each other from byte 0 on
  std::vector<Range> strays_;
};

}  // namespace weigh
