// The rooms of src/ include only what stands before them: docs/architecture.md.
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace {

namespace fs = std::filesystem;

const std::map<std::string, std::set<std::string>> kMayInclude = {
    {"bytes", {"bytes"}},
    {"wire", {"wire", "bytes"}},
    {"conventions", {"conventions", "bytes"}},
    {"model", {"model", "conventions", "bytes"}},
    {"live", {"live", "conventions", "model", "bytes"}},
    {"formats", {"formats", "conventions", "model", "wire", "bytes"}},
    {"places", {"places", "formats", "conventions", "model", "wire", "bytes"}},
    {"analysis", {"analysis", "conventions", "model", "bytes"}},
    {"plan", {"plan", "analysis", "conventions", "model", "bytes"}},
    {"compare", {"compare", "analysis", "conventions", "model", "bytes"}},
    {"check", {"check", "analysis", "conventions", "model", "bytes"}},
    {"render", {"render", "analysis", "model"}},
    {"cli", {"cli", "places", "render", "plan", "analysis", "model"}},
    {"python", {"python"}},
    {"torch/nn", {"nn"}},
    {"torch/dry_run", {"dry_run", "nn", "model", "bytes"}},
    {"torch/weights", {"weights", "nn", "model", "bytes"}},
    {"torch/processes", {"processes", "bytes"}},
    {"torch/lightning",
     {"lightning", "processes", "summary", "weights", "dry_run", "nn", "render", "model", "wire", "bytes"}},
    {"torch/summary", {"summary", "dry_run", "nn", "analysis", "render", "model"}},
};

const std::set<std::string> kThirdParty = {"fmt",   "simdjson", "CLI", "zlib",     "protozero",
                                           "torch", "ATen",     "c10", "nlohmann", "toml++"};

struct Include {
  bool quoted;
  std::string path;
};

std::vector<Include> includes_of(const fs::path& file) {
  static const std::regex pattern(R"(^\s*#\s*include\s*([<"])([^>"]+)[>"])");
  std::vector<Include> found;
  std::ifstream stream(file);
  for (std::string line; std::getline(stream, line);)
    if (std::smatch match; std::regex_search(line, match, pattern)) found.push_back({match[1] == "\"", match[2]});
  return found;
}

std::vector<fs::path> sources_below(const fs::path& folder) {
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder))
    if (entry.path().extension() == ".h" || entry.path().extension() == ".cpp") files.push_back(entry.path());
  return files;
}

std::string first_part(const std::string& path) { return path.substr(0, path.find_first_of("/.")); }

TEST(Includes, RoomsUseOnlyRoomsBeforeThem) {
  const fs::path src = WEIGH_SOURCE "/src";
  std::set<std::string> rooms;
  for (const auto& entry : fs::directory_iterator(src))
    if (entry.is_directory() && entry.path().filename() != "torch") rooms.insert(entry.path().filename());
  for (const auto& entry : fs::directory_iterator(src / "torch"))
    if (entry.is_directory()) rooms.insert("torch" / entry.path().filename());
  std::size_t seen = 0;
  for (const std::string& room : rooms) {
    ASSERT_TRUE(kMayInclude.contains(room)) << room << " has no place in the order of rooms";
    for (const fs::path& file : sources_below(src / room)) {
      for (const Include& include : includes_of(file)) {
        const std::string target = first_part(include.path);
        if (!include.quoted || target == "weigh") continue;
        ++seen;
        EXPECT_TRUE(kMayInclude.at(room).contains(target)) << file << " includes " << include.path;
      }
    }
  }
  EXPECT_GT(seen, 50U) << "nothing was looked at";
}

// The header of toml++ is twenty thousand lines long.
TEST(Includes, OneFileReadsPolicies) {
  std::vector<fs::path> files;
  for (const fs::path& file : sources_below(WEIGH_SOURCE "/src"))
    for (const Include& include : includes_of(file))
      if (include.path.starts_with("toml++/")) files.push_back(file.filename());
  EXPECT_EQ(files, std::vector<fs::path>{"policy_file.cpp"});
}

// Only what stands below weigh/torch and weigh/lightning may name libtorch, and that nothing else.
TEST(Includes, OneHeaderBringsAllOfTheCore) {
  const std::set<std::string> others = {"weigh.h", "torch.h", "fmt.h"};  // this one, and those that need a library
  std::set<std::string> there, brought;
  for (const auto& entry : fs::directory_iterator(WEIGH_SOURCE "/include/weigh"))
    if (const std::string name = entry.path().filename(); entry.is_regular_file() && !others.contains(name))
      there.insert("weigh/" + name);
  for (const Include& include : includes_of(WEIGH_SOURCE "/include/weigh/weigh.h")) brought.insert(include.path);
  EXPECT_EQ(brought, there);
}

TEST(Includes, PublicHeadersNameNoLibrary) {
  const std::set<std::string> libtorch = {"torch", "ATen", "c10"};
  for (const fs::path& file : sources_below(WEIGH_SOURCE "/include")) {
    const bool is_live = file.string().find("/include/weigh/torch/") != std::string::npos ||
                         file.string().find("/include/weigh/lightning/") != std::string::npos;
    for (const Include& include : includes_of(file)) {
      const std::string library = first_part(include.path);
      const bool is_of_fmt = library == "fmt" && file.filename() == "fmt.h";  // for those who have it
      const bool may = (is_live && libtorch.contains(library)) || is_of_fmt;
      EXPECT_TRUE(may || !kThirdParty.contains(library)) << file << " includes " << include.path;
      EXPECT_EQ(include.quoted, first_part(include.path) == "weigh") << file << " includes " << include.path;
    }
  }
}

}  // namespace
