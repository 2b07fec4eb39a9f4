// safetensors: one file. https://github.com/huggingface/safetensors, README "Format" and src/tensor.rs
//
//   8 bytes   N, little-endian, at most 100,000,000
//   N bytes   JSON object, may stand between blanks:
//               "NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …
//               "__metadata__": {"KEY": "TEXT", …}, or null
//             Of members of one name the last counts.
//   the rest  the tensors' bytes, little-endian, row-major; offsets count from here. They cover the rest exactly:
//             no hole, no overlap, nothing behind the last.
//
// docs/formats/safetensors.md
#pragma once

#include <cstdint>
#include <forward_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/source.h"
#include "wire/json.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

inline constexpr std::uint64_t kLengthSize = 8;

// What one file's header says, checked by itself.
struct SafetensorsHeader {
  std::string label;                       // of the file
  std::vector<Tensor> tensors;             // without a module; named by their full names, which view:
  json::Text text;                         // the header itself,
  std::forward_list<std::string> escaped;  // and the names that stand in it with escapes
  std::vector<Extent> extents;
  std::vector<std::uint64_t> offsets;  // of the tensors' bytes in the file; empty unless they were asked for
  std::vector<std::pair<std::string, std::string>> metadata;  // __metadata__
  std::vector<Note> notes;
};

// Blanks of JSON, which may stand around the object.
inline constexpr std::string_view kJsonBlanks = " \t\n\r";

// Headers as their own library writes them have a fast reader (regular.h), which leaves all others to the
// one of any JSON; that one alone is for a comparison of both.
enum class HeaderWay : std::uint8_t { fastest, json };

// Reads the first 8 + N bytes only. Throws Error where the file breaks a rule above; that no name stands twice is left
// to whoever puts them in their places. The parser's memory serves one header after another.
SafetensorsHeader read_safetensors_header(Source& source, const ReadOptions& options, json::Parser& parser,
                                          HeaderWay way = HeaderWay::fastest);

}  // namespace weigh
