#include "render/golden.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>

#include <gtest/gtest.h>

#include "bytes/folder.h"
#include "support/files.h"

namespace weigh::testing {

Model read_bare(const std::string& name) {
  const std::string bare = name.substr(name.rfind('/') + 1);
  if (!std::filesystem::is_directory(data_path(name))) return read(*memory_folder("", {{bare, file(name)}}), bare);
  std::map<std::string, std::string> files;
  for (const std::string& path : files_below(name)) files.emplace(path.substr(name.size() + 1), file(path));
  return read(*memory_folder(bare, std::move(files)), "");
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(WEIGH_GOLDEN "/render/") + name + ".txt";
  if (std::getenv("WEIGH_WRITE_GOLDEN") != nullptr) {
    std::ofstream(path, std::ios::binary) << text;
    ADD_FAILURE() << "wrote " << path << "; read it, then run the test without WEIGH_WRITE_GOLDEN";
    return;
  }
  EXPECT_EQ(text, read_file(path)) << path;
}

}  // namespace weigh::testing
