// Public models whose headers are remade from tests/data/seed_models.
#pragma once

#include <string>

#include "replica/pattern.h"
#include "replica/shards.h"
#include "support/files.h"
#include "support/scratch_folder.h"

namespace weigh::testing {

// A folder with the model's shards, real headers with holes for weights, for as long as this lives.
class GiantFolder {
 public:
  explicit GiantFolder(const std::string& name) : path_(scratch_.path_of(name)) {
    replica::write_shards(replica::read_pattern(data_path("seed_models/" + name + ".json")), path_);
  }

  const std::string& path() const { return path_; }

 private:
  const ScratchFolder scratch_;
  const std::string path_;
};

}  // namespace weigh::testing
