// A terabyte of weights, none of which is read: files with a hole where the weights would be.
#include <filesystem>
#include <fstream>
#include <string>
#include <system_error>

#include <gtest/gtest.h>

#include "bytes/source.h"
#include "formats/registry.h"
#include "support/made_files.h"
#include "support/scratch_folder.h"

namespace weigh::testing {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kTerabyte = std::uint64_t{1} << 40;
constexpr std::uint64_t kMostRead = 100'000;

class Terabyte : public ::testing::Test {
 protected:
  // False where the file system has no room for such a size.
  bool write(const std::string& head, std::uint64_t hole, const std::string& tail) const {
    std::ofstream(path_of(), std::ios::binary) << head;
    std::error_code error;
    fs::resize_file(path_of(), head.size() + hole, error);
    if (error) return false;
    std::ofstream(path_of(), std::ios::binary | std::ios::app) << tail;
    return fs::file_size(path_of()) == head.size() + hole + tail.size();
  }
  std::string path_of() const { return folder_.path_of("m"); }

  // As the registry does, of a source that tells how much was read.
  Model read_counting(std::uint64_t& bytes_read) const {
    const std::unique_ptr<Source> source = open_file(path_of());
    Glance glance(*source);
    Model model;
    for (const Format& format : format_table()) {
      if (!format.matches(glance)) continue;
      format.read(*source, {}, model);
      break;
    }
    bytes_read = source->bytes_read();
    return model;
  }

  const ScratchFolder folder_;
};

TEST_F(Terabyte, OfSafetensorsIsNotRead) {
  const std::string header = "{" + entry("w", "F32", "[16777216,16384]", "[0,1099511627776]") + "}";
  if (!write(safetensors(header), kTerabyte, "")) GTEST_SKIP() << "no file of this size can be made here";
  std::uint64_t bytes_read = 0;
  const Model model = read_counting(bytes_read);
  EXPECT_EQ(summarize(model).totals.bytes.known(), kTerabyte);
  EXPECT_LT(bytes_read, kMostRead);
  EXPECT_EQ(summarize(read(path_of())).totals.bytes.known(), kTerabyte);
}

TEST_F(Terabyte, OfAPyTorchArchiveIsNotRead) {
  const std::int64_t elements = kTerabyte / 4;
  const std::string weight =
      py::tensor(py::storage("FloatStorage", "0", elements), 0, {16'777'216, 16'384}, {16'384, 1});
  Zip zip;
  zip.add("m/data.pkl", py::pickle(py::dict({{"w", weight}}))).add_hole("m/data/0", kTerabyte);
  if (!write(zip.head(), kTerabyte, zip.tail())) GTEST_SKIP() << "no file of this size can be made here";
  std::uint64_t bytes_read = 0;
  const Model model = read_counting(bytes_read);
  EXPECT_EQ(summarize(model).totals.bytes.known(), kTerabyte);
  EXPECT_LT(bytes_read, kMostRead);
  EXPECT_EQ(summarize(read(path_of())).totals.bytes.known(), kTerabyte);
}

TEST_F(Terabyte, OfALegacyStreamIsNotRead) {
  const std::int64_t elements = kTerabyte / 4;
  const std::string weight = py::tensor(py::storage("FloatStorage", "0", elements), 0, {elements}, {1});
  const std::string head = legacy_head(py::dict({{"w", weight}}), {"0"}) + little(elements);
  if (!write(head, kTerabyte, "")) GTEST_SKIP() << "no file of this size can be made here";
  std::uint64_t bytes_read = 0;
  const Model model = read_counting(bytes_read);
  EXPECT_EQ(summarize(model).totals.bytes.known(), kTerabyte);
  EXPECT_LT(bytes_read, kMostRead * 2);  // its object's length is not recorded: a window of 64 KiB
}

}  // namespace
}  // namespace weigh::testing
