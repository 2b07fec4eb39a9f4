#include "weigh/read_meanwhile.h"

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

std::ptrdiff_t open_files() {
  return std::distance(std::filesystem::directory_iterator("/proc/self/fd"), std::filesystem::directory_iterator());
}

// A file whose pickle takes a second: a value is pushed and popped again and again.
void write_long_pickle(const std::string& path) {
  std::string steps;
  for (int i = 0; i < 50'000'000; ++i) steps += "N0";
  std::ofstream(path, std::ios::binary) << legacy_head(steps + "}", {});
}

TEST(ReadMeanwhile, GivesWhatReadGives) {
  const std::string path = data_path("pytorch/gat_module_after.pt");
  const Model model = read_meanwhile(path, [] {});
  EXPECT_EQ(model.source, path);
  EXPECT_EQ(summarize(model).totals.parameters, Count(306));
}

TEST(ReadMeanwhile, ThrowsWhatReadThrows) {
  EXPECT_EQ(error_of([] { read_meanwhile("nope.pt", [] {}); }), "nope.pt: cannot be opened: No such file or directory");
}

TEST(ReadMeanwhile, IsGivenUpWhereTheCallerThrows) {
  const ScratchFolder scratch;
  const std::string path = scratch.path_of("long.pt");
  write_long_pickle(path);
  const std::ptrdiff_t files = open_files();
  int calls = 0;
  const auto give_up = [&calls] {
    if (++calls == 2) throw std::runtime_error("enough");
  };
  EXPECT_THROW(read_meanwhile(path, give_up), std::runtime_error);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(open_files(), files);
}

}  // namespace
}  // namespace weigh::testing
