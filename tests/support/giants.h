// Public models whose headers are remade from tests/data/seed_models.
#pragma once

#include <filesystem>
#include <string>

#include <gtest/gtest.h>

#include "replica/pattern.h"
#include "replica/shards.h"
#include "support/files.h"

namespace weigh::testing {

// A folder with the model's shards, real headers with holes for weights, for as long as this lives.
class GiantFolder {
 public:
  explicit GiantFolder(const std::string& name) : path_(::testing::TempDir() + "weigh_giant_" + name) {
    std::filesystem::remove_all(path_);
    replica::write_shards(replica::read_pattern(data_path("seed_models/" + name + ".json")), path_);
  }
  ~GiantFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  GiantFolder(const GiantFolder&) = delete;
  GiantFolder& operator=(const GiantFolder&) = delete;

  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

}  // namespace weigh::testing
