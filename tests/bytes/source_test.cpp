#include "bytes/source.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/files.h"
#include "support/scratch_folder.h"

#include "weigh/error.h"

namespace weigh {
namespace {

namespace fs = std::filesystem;
using testing::error_of;

// A folder of its own for every test, gone after it.
class SourceOfFile : public ::testing::Test {
 protected:
  std::string path(const std::string& name) const { return folder_.path_of(name); }
  std::string write(const std::string& name, std::string_view bytes) const {
    std::ofstream(path(name), std::ios::binary) << bytes;
    return path(name);
  }

 private:
  const testing::ScratchFolder folder_;
};

// Bytes that tell where they are.
std::string pattern(std::size_t size) {
  std::string bytes(size, '\0');
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<char>(i * 7 + i / 256);
  return bytes;
}

ErrorKind kind_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error.kind();
  }
  ADD_FAILURE() << "no Error was thrown";
  return ErrorKind::usage;
}

void expect_reads(Source& source, const std::string& bytes) {
  ASSERT_EQ(source.size(), bytes.size());
  EXPECT_EQ(source.read(0, bytes.size()), bytes);
  EXPECT_EQ(source.read(10, 5), bytes.substr(10, 5));
  EXPECT_EQ(source.read(bytes.size(), 0), "");
  char into[4];
  source.read(bytes.size() - 4, into);
  EXPECT_EQ(std::string(into, 4), bytes.substr(bytes.size() - 4));
}

TEST_F(SourceOfFile, ReadsWhereverItIsAsked) {
  const std::string bytes = pattern(10'000);
  auto source = open_file(write("a", bytes));
  EXPECT_EQ(source->label(), path("a"));
  expect_reads(*source, bytes);
}

TEST(SourceOfMemory, ReadsWhereverItIsAsked) {
  const std::string bytes = pattern(10'000);
  auto source = memory_source("here", bytes);
  EXPECT_EQ(source->label(), "here");
  expect_reads(*source, bytes);
}

TEST(SourceOfMemory, CountsTheBytesThatWereAskedFor) {
  const std::string bytes = pattern(100);
  auto source = memory_source("here", bytes);
  EXPECT_EQ(source->bytes_read(), 0U);
  source->read(0, 10);
  EXPECT_EQ(source->bytes_read(), 10U);
  std::string buffer;
  source->view(0, 7, buffer);
  EXPECT_EQ(source->bytes_read(), 17U);
  EXPECT_THROW(source->read(0, 101), Error);
  EXPECT_EQ(source->bytes_read(), 17U);
}

TEST(SourceOfMemory, RefusesToReadBeyondItsEnd) {
  auto source = memory_source("m.pt", "0123456789");
  EXPECT_EQ(error_of([&] { source->read(8, 3); }),
            "m.pt: 3 bytes are needed, 2 are left of 10; is the file incomplete? (at byte 8)");
  EXPECT_EQ(error_of([&] { source->read(20, 1); }),
            "m.pt: 1 bytes are needed, 0 are left of 10; is the file incomplete? (at byte 20)");
  std::string buffer;
  EXPECT_EQ(error_of([&] { source->view(9, 2, buffer); }),
            "m.pt: 2 bytes are needed, 1 are left of 10; is the file incomplete? (at byte 9)");
  EXPECT_EQ(kind_of([&] { source->read(8, 3); }), ErrorKind::truncated);
}

TEST(SourceOfMemory, DoesNotAllocateWhatItCannotRead) {
  auto source = memory_source("m.pt", "0123456789");
  EXPECT_EQ(error_of([&] { source->read(0, std::numeric_limits<std::size_t>::max()); }),
            "m.pt: 18446744073709551615 bytes are needed, 10 are left of 10; is the file incomplete? (at byte 0)");
  EXPECT_EQ(error_of([&] { source->read(std::numeric_limits<std::uint64_t>::max(), 2); }),
            "m.pt: 2 bytes are needed, 0 are left of 10; is the file incomplete? (at byte 18446744073709551615)");
}

TEST(SourceOfMemory, IsViewedThroughTheBuffer) {
  auto source = memory_source("here", "0123456789");
  source->map_for_views();
  std::string buffer;
  EXPECT_EQ(source->view(2, 3, buffer), "234");
  EXPECT_EQ(source->map_whole(64), nullptr);
}

TEST(SourceOfMemory, MayBeEmpty) {
  auto source = memory_source("here", "");
  EXPECT_EQ(source->size(), 0U);
  EXPECT_EQ(source->read(0, 0), "");
  EXPECT_EQ(source->map_whole(0), nullptr);
  EXPECT_EQ(error_of([&] { source->read(0, 1); }),
            "here: 1 bytes are needed, 0 are left of 0; is the file incomplete? (at byte 0)");
}

TEST_F(SourceOfFile, IsViewedAsItIsRead) {
  const std::string bytes = pattern(20'000);
  auto source = open_file(write("a", bytes));
  std::string buffer;
  EXPECT_EQ(source->view(4090, 12, buffer), bytes.substr(4090, 12));
  EXPECT_EQ(buffer, bytes.substr(4090, 12));
  source->map_for_views();
  source->map_for_views();
  buffer.clear();
  for (const std::size_t offset : {0U, 4090U, 19'988U}) {
    EXPECT_EQ(source->view(offset, 12, buffer), bytes.substr(offset, 12));
  }
  EXPECT_EQ(buffer, "") << "what is mapped needs no buffer";
  EXPECT_EQ(source->bytes_read(), 48U);
  EXPECT_EQ(error_of([&] { source->view(19'999, 2, buffer); }),
            path("a") + ": 2 bytes are needed, 1 are left of 20000; is the file incomplete? (at byte 19999)");
}

TEST_F(SourceOfFile, IsMappedWholeWhereThePaddingFitsIntoItsLastPage) {
  const std::string bytes = pattern(5000);
  auto source = open_file(write("a", bytes));
  const Mapping mapping = source->map_whole(64);
  ASSERT_NE(mapping, nullptr);
  EXPECT_EQ(std::string_view(mapping.get(), 5000), bytes);
  EXPECT_EQ(std::string_view(mapping.get() + 5000, 64), std::string(64, '\0'));
  EXPECT_EQ(source->bytes_read(), 5000U);
}

TEST_F(SourceOfFile, IsNotMappedWholeWhereThePaddingWouldLieBehindIt) {
  for (const std::size_t size : {4096U - 63U, 4095U, 4096U, 8192U}) {
    auto source = open_file(write("a", pattern(size)));
    EXPECT_EQ(source->map_whole(64), nullptr) << size;
    EXPECT_EQ(source->bytes_read(), 0U);
  }
  EXPECT_NE(open_file(write("a", pattern(4096 - 64)))->map_whole(64), nullptr);
}

TEST_F(SourceOfFile, MayBeEmpty) {
  auto source = open_file(write("empty", ""));
  EXPECT_EQ(source->size(), 0U);
  EXPECT_EQ(source->read(0, 0), "");
  EXPECT_EQ(source->map_whole(0), nullptr);
  source->map_for_views();
  std::string buffer;
  EXPECT_EQ(source->view(0, 0, buffer), "");
  EXPECT_EQ(error_of([&] { source->read(0, 1); }),
            path("empty") + ": 1 bytes are needed, 0 are left of 0; is the file incomplete? (at byte 0)");
}

TEST_F(SourceOfFile, SaysThatItShrankWhileItWasRead) {
  auto source = open_file(write("a", pattern(10'000)));
  fs::resize_file(path("a"), 5'040);
  EXPECT_EQ(source->read(0, 5'040), pattern(5'040));
  EXPECT_EQ(error_of([&] { source->read(5'030, 20); }),
            path("a") + ": 10 bytes are missing; did the file shrink while it was read? (at byte 5040)");
  EXPECT_EQ(kind_of([&] { source->read(5'030, 20); }), ErrorKind::truncated);
}

// All of it was had when it was opened.
TEST_F(SourceOfFile, IsAsItWasWhereItIsSmall) {
  auto source = open_file(write("a", pattern(100)));
  fs::resize_file(path("a"), 40);
  EXPECT_EQ(source->read(0, 100), pattern(100));
}

TEST_F(SourceOfFile, IsRefusedWhereItIsMissing) {
  EXPECT_EQ(error_of([&] { open_file(path("missing")); }),
            path("missing") + ": cannot be opened: No such file or directory");
  EXPECT_EQ(kind_of([&] { open_file(path("missing")); }), ErrorKind::not_found);
  EXPECT_EQ(error_of([&] { open_file(""); }), "cannot be opened: No such file or directory");
}

TEST_F(SourceOfFile, IsRefusedWhereItIsADirectory) {
  const std::string folder = fs::path(path("x")).parent_path().string();
  EXPECT_EQ(error_of([&] { open_file(folder); }), folder + ": is not a regular file; save it to one first");
  EXPECT_EQ(kind_of([&] { open_file(folder); }), ErrorKind::unsupported);
}

TEST_F(SourceOfFile, IsRefusedWhereItIsAPipeWithoutWaitingForAWriter) {
  ASSERT_EQ(::mkfifo(path("pipe").c_str(), 0600), 0);
  EXPECT_EQ(error_of([&] { open_file(path("pipe")); }), path("pipe") + ": is not a regular file; save it to one first");
}

TEST_F(SourceOfFile, IsRefusedWhereItIsADevice) {
  EXPECT_EQ(error_of([] { open_file("/dev/zero"); }), "/dev/zero: is not a regular file; save it to one first");
}

TEST_F(SourceOfFile, IsRefusedWithoutPermission) {
  if (::geteuid() == 0) GTEST_SKIP() << "root may read everything";
  fs::permissions(write("secret", "x"), fs::perms::none);
  EXPECT_EQ(error_of([&] { open_file(path("secret")); }), path("secret") + ": cannot be opened: Permission denied");
}

TEST_F(SourceOfFile, IsRefusedWhereALinkLeadsToItself) {
  fs::create_symlink(path("loop"), path("loop"));
  EXPECT_EQ(error_of([&] { open_file(path("loop")); }),
            path("loop") + ": cannot be opened: Too many levels of symbolic links");
}

TEST_F(SourceOfFile, ClosesItsFile) {
  const std::string name = write("a", "x");
  for (int i = 0; i < 5000; ++i) ASSERT_EQ(open_file(name)->size(), 1U);
}

TEST(PartSource, ShowsAPartOfAnother) {
  const auto whole = memory_source("whole", "0123456789");
  const auto part = part_source(*whole, "whole/part", 2, 5);
  EXPECT_EQ(part->size(), 5U);
  EXPECT_EQ(part->label(), "whole/part");
  EXPECT_EQ(part->read(1, 3), "345");
  EXPECT_EQ(whole->bytes_read(), 3U);
  EXPECT_THROW(part->read(4, 2), Error);
  EXPECT_THROW(part_source(*whole, "p", 6, 5), Error);
  EXPECT_THROW(part_source(*whole, "p", 11, 0), Error);
  EXPECT_THROW(part_source(*whole, "p", UINT64_MAX, 2), Error);
}

}  // namespace
}  // namespace weigh
