// safetensors files as models: names become modules, recorded ties are resolved. The format: header.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/source.h"
#include "formats/common/glance.h"
#include "formats/safetensors/header.h"
#include "model/builder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_safetensors(Glance& glance);

// Reads headers of one or more files into one model. A name is one tensor: the second file that holds it is noted.
class SafetensorsReader {
 public:
  // Both must outlive it.
  SafetensorsReader(Model& model, const ReadOptions& options)
      : model_(model), with_locations_(options.locations), builder_(model, options.limits) {}

  // Adds all tensors of a file.
  void add(SafetensorsHeader header);
  // The tensor with this name; kNone where no file held it.
  Index find(std::string_view name) { return builder_.find(name); }
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

  void add_locations(const SafetensorsHeader& header, std::size_t first);

  Model& model_;
  const bool with_locations_;
  ModelBuilder builder_;
  std::vector<std::pair<std::string, std::string>> recorded_;  // __metadata__ of all files
};

void read_safetensors(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
