// Every folder of src/formats has the same shape, and its tests and its page: docs/architecture.md, "Adding a format".
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

// Formats that have PyTorch's pickles inside. All others stand alone.
const std::map<std::string, std::set<std::string>> kMayUse = {{"dcp", {"pytorch"}},
                                                              {"deepspeed", {"pytorch"}},
                                                              {"megatron", {"pytorch"}},
                                                              {"pt2", {"pytorch"}},
                                                              {"torchscript", {"pytorch"}}};

std::set<std::string> folders_of_formats() {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(WEIGH_SOURCE "/src/formats"))
    if (entry.is_directory() && entry.path().filename() != "common") names.insert(entry.path().filename());
  return names;
}

std::set<std::string> formats_used_by(const fs::path& folder) {
  static const std::regex pattern(R"x(^#include "formats/(\w+)/)x");
  std::set<std::string> used;
  for (const auto& entry : fs::recursive_directory_iterator(folder)) {
    std::ifstream stream(entry.path());
    for (std::string line; std::getline(stream, line);)
      if (std::smatch match; std::regex_search(line, match, pattern)) used.insert(match[1]);
  }
  return used;
}

TEST(Formats, HaveOneShape) {
  EXPECT_GT(folders_of_formats().size(), 10U);
  for (const std::string& name : folders_of_formats()) {
    const std::string source = WEIGH_SOURCE "/";
    EXPECT_TRUE(fs::exists(source + "src/formats/" + name + "/format.h")) << name;
    EXPECT_TRUE(fs::exists(source + "src/formats/" + name + "/format.cpp")) << name;
    EXPECT_TRUE(fs::exists(source + "tests/formats/" + name)) << name;
    EXPECT_TRUE(fs::exists(source + "docs/formats/" + name + ".md")) << name;
  }
}

TEST(Formats, KnowNoOther) {
  for (const std::string& name : folders_of_formats()) {
    std::set<std::string> may = {"common", name};
    if (kMayUse.contains(name)) may.insert(kMayUse.at(name).begin(), kMayUse.at(name).end());
    for (const std::string& used : formats_used_by(WEIGH_SOURCE "/src/formats/" + name))
      EXPECT_TRUE(may.contains(used)) << name << " uses " << used;
  }
}

}  // namespace
