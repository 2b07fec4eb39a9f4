// Whatever table a row is in: its texts are there, and its fixture shows it.
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "conventions/tables.h"

namespace weigh::conventions {
namespace {

namespace fs = std::filesystem;

std::string bytes_of(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

// What is looked for in a fixture: of a path of keys the last, without what stands for many.
std::string mark_of(std::string_view name) {
  while (name.ends_with('.') || name.ends_with('*')) name.remove_suffix(1);
  return std::string(name.starts_with('.') ? name : name.substr(name.find_last_of(".*") + 1));
}

bool holds(const fs::path& path, const std::string& mark) {
  if (path.filename().string().find(mark) != std::string::npos) return true;
  if (!fs::is_directory(path)) return bytes_of(path).find(mark) != std::string::npos;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file() && holds(entry.path(), mark)) return true;
  return false;
}

// The texts of the files of all tests, by "Suite.Name".
std::map<std::string, std::string> all_tests() {
  std::map<std::string, std::string> tests;
  for (const auto& entry : fs::recursive_directory_iterator(WEIGH_SOURCE "/tests")) {
    if (!entry.path().string().ends_with("_test.cpp")) continue;
    const std::string text = bytes_of(entry.path());
    for (std::size_t at = text.find("\nTEST"); at != std::string::npos;) {
      const std::size_t open = text.find('(', at);
      const std::size_t comma = text.find(", ", open);
      const std::size_t close = text.find(')', open);
      const std::size_t next = text.find("\nTEST", at + 1);
      if (comma < close)
        tests[text.substr(open + 1, comma - open - 1) + "." + text.substr(comma + 2, close - comma - 2)] = text;
      at = next;
    }
  }
  return tests;
}

bool is_shown(const TableRow& row, const std::map<std::string, std::string>& tests) {
  const std::string fixture(row.fixture);
  const std::string mark = mark_of(row.name);
  if (fixture.find('/') != std::string::npos)
    return fs::exists(fs::path(WEIGH_TEST_DATA) / fixture) && holds(fs::path(WEIGH_TEST_DATA) / fixture, mark);
  const auto test = tests.find(fixture);
  return test != tests.end() && test->second.find(mark) != std::string::npos;
}

TEST(Rows, AreShownByTheirFixtures) {
  const std::map<std::string, std::string> tests = all_tests();
  ASSERT_GT(tests.size(), 100U);
  std::size_t seen = 0;
  for (const Table& table : tables()) {
    // A layout has a name of its own; that its tensors are so laid out, packed_layouts_test.cpp shows.
    const bool is_of_layouts = table.title == "Packed layouts";
    for (const TableRow& row : table.rows) {
      ++seen;
      SCOPED_TRACE(std::string(table.title) + ": " + std::string(row.name));
      EXPECT_FALSE(row.name.empty() || row.meaning.empty() || row.source.empty());
      if (is_of_layouts && row.fixture.find('/') != row.fixture.npos) {
        EXPECT_TRUE(fs::exists(fs::path(WEIGH_TEST_DATA) / row.fixture)) << row.fixture;
      } else if (is_of_layouts) {
        EXPECT_TRUE(tests.contains(std::string(row.fixture))) << row.fixture;
      } else {
        EXPECT_TRUE(is_shown(row, tests)) << "not in " << row.fixture;
      }
    }
  }
  EXPECT_GT(seen, 200U);
}

TEST(Rows, StandOnceInTheirTables) {
  for (const Table& table : tables()) {
    std::set<std::pair<std::string_view, std::string>> names;
    for (const TableRow& row : table.rows)
      EXPECT_TRUE(names.insert({row.name, row.kind}).second) << table.title << ": " << row.name;
  }
}

TEST(Document, IsWhatTheTablesGive) {
  EXPECT_EQ(bytes_of(WEIGH_SOURCE "/docs/conventions.md"), document())
      << "make it again: weigh_conventions > docs/conventions.md";
}

}  // namespace
}  // namespace weigh::conventions
