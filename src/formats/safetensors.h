// safetensors: one file. https://github.com/huggingface/safetensors, README "Format" and src/tensor.rs
//
//   8 bytes   N, little-endian, at most 100,000,000
//   N bytes   JSON object, begins with '{', may be padded with blanks:
//               "NAME": {"dtype": "F32", "shape": [2, 3], "data_offsets": [0, 24]}, …
//               "__metadata__": {"KEY": "TEXT", …}
//   the rest  the tensors' bytes, little-endian, row-major; offsets count from here. They cover the rest exactly:
//             no hole, no overlap, nothing behind the last.
//
// docs/formats/safetensors.md
#pragma once

#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "bytes/hash.h"
#include "bytes/source.h"
#include "model/builder.h"
#include "wire/json.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_safetensors(Source& source);

// A set of names, to be compared with another: how many, and the sum of their hashes.
struct NameSet {
  std::uint64_t count = 0;
  std::uint64_t sum = 0;

  void add(std::string_view name) {
    ++count;
    sum += hash_of(name);
  }
  friend bool operator==(const NameSet&, const NameSet&) = default;
};

// Reads headers of one or more files into one model. A name is one tensor: the second file that holds it is noted.
class SafetensorsReader {
 public:
  // Both must outlive it.
  SafetensorsReader(Model& model, const Limits& limits) : model_(model), limits_(limits), builder_(model, limits) {}

  // Adds all tensors of a file and returns their names. Reads its first 8 + N bytes only. Throws Error where the file
  // breaks a rule above.
  NameSet add(Source& source);
  // The tensor with this name; kNone where no file held it.
  Index find(std::string_view name) const { return builder_.find(name); }
  // A tensor of which only the name is known, since the file that holds it is missing.
  Index add_name_only(std::string_view name);
  // To be called last: orders siblings, since the format does not keep the order of definition, and resolves ties that
  // safetensors.torch.save_model recorded.
  void finish();

 private:
  struct Range {
    std::uint64_t begin, end;
    Index tensor;
  };
  void add_tie(std::string_view name, std::string_view kept);

  Model& model_;
  const Limits& limits_;
  ModelBuilder builder_;
  json::Parser parser_;
  std::vector<std::pair<std::string_view, std::string_view>> recorded_;  // __metadata__ of all files
};

void read_safetensors(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
