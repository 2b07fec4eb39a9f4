// GGUF, the format of llama.cpp and ggml. Numbers are little-endian, or all big-endian (then the version tells it: it
// would be a multiple of 65536 read the other way).
//
//   "GGUF"  u32 version  u64 tensors  u64 facts
//   facts:    string key, u32 type, value
//   tensors:  string name, u32 dimensions, u64 extents (the fastest first: PyTorch's order reversed), u32 type,
//             u64 offset from the beginning of the data
//   padding to general.alignment (32), then the data, each tensor padded to it
//
// A string is its u64 length and its bytes; an array its element type, u64 length, and elements. Version 1 had 32 bits
// for counts, lengths and extents; 2 and 3 differ in nothing but that 3 may be big-endian.
//
// ggml's own reader does not compare the data with the file; here every tensor must lie in it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "bytes/source.h"

#include "weigh/dtype.h"
#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

struct GgufTensor {
  std::string name;
  std::vector<Extent> shape;  // in PyTorch's order
  DType dtype = DType::unknown;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t bytes = 0;
};

struct GgufHeader {
  std::string label;
  std::uint32_t version = 0;
  bool is_big_endian = false;
  std::vector<GgufTensor> tensors;
  std::vector<std::pair<std::string, std::string>> metadata;  // as text; of an array its length
  std::vector<Note> notes;
  std::string architecture;  // general.architecture
  std::string type;          // general.type: "model", "adapter", "mmproj", "imatrix"; "" where it is not said
  // Whole numbers and truths, and lists of them that may have one for each layer; also of what metadata leave out.
  std::map<std::string, std::vector<std::uint64_t>, std::less<>> numbers;
  std::optional<std::uint64_t> file_type;
  std::uint64_t split_count = 0;  // 0 where the file is no part of a model
  std::uint64_t split_number = 0;
  std::uint64_t split_tensors = 0;
};

// With `whole` the facts are not cut short.
GgufHeader read_gguf_header(Source& source, const Limits& limits, bool whole);

}  // namespace weigh
