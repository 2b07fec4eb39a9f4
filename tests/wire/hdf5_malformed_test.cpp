// Each structure of HDF5 broken once. What is refused is refused with a place, both numbers and a likely cause.
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/source.h"
#include "support/files.h"
#include "wire/hdf5.h"
#include "wire/hdf5_builder.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

using namespace testing::h5;

const Limits kLimits;
const std::string kNowhere = u64(UINT64_MAX);

// What is said of a file whose root, its links and the objects that they lead to are read, and all texts.
std::string refusal(const std::string& bytes, std::uint64_t most = Limits().hdf5_bytes) {
  return testing::error_of([&] {
    const auto source = memory_source("m", bytes);
    Limits limits;
    limits.hdf5_bytes = most;
    File file(*source, limits);
    std::vector<std::uint64_t> open = {file.root()};
    while (!open.empty()) {
      const std::uint64_t address = open.back();
      open.pop_back();
      if (file.is_known(address)) continue;
      const Object object = file.open(address);
      for (const Attribute& attribute : object.attributes) file.texts(attribute);
      for (const Link& link : file.links(object)) open.push_back(link.target);
    }
  });
}

std::string with(std::string bytes, std::size_t at, const std::string& patch) {
  return bytes.replace(at, patch.size(), patch);
}

TEST(Hdf5Superblock, IsThere) {
  EXPECT_EQ(refusal(std::string(4096, '\0')), "m: has no HDF5 superblock");
  EXPECT_EQ(refusal(""), "m: has no HDF5 superblock");
}

TEST(Hdf5Superblock, LiesBehindAUserBlockOfAPowerOfTwo) {
  const std::string bytes = file(header(""));
  for (const std::size_t block : {512, 1024, 65536}) {
    const std::string all = std::string(block, 'u') + bytes;
    const auto source = memory_source("m", all);
    EXPECT_EQ(find_superblock(*source), block);
    File file(*source, kLimits);
    EXPECT_EQ(file.open(file.root()).attributes.size(), 0U);
  }
  const std::string elsewhere = std::string(768, 'u') + bytes;
  const auto source = memory_source("m", elsewhere);
  EXPECT_EQ(find_superblock(*source), std::nullopt);
}

TEST(Hdf5Superblock, OfAnUnknownKindIsRefused) {
  EXPECT_EQ(refusal(with(file(""), 8, u8(4))),
            "m: is HDF5 with a superblock of version 4; versions 0 to 3 can be read");
  EXPECT_EQ(refusal(with(file(""), 13, u8(3))),
            "m: addresses or lengths are said to take 3 bytes; 2, 4 and 8 can be read (at byte 15)");
}

TEST(Hdf5Superblock, OfAFileThatIsCutShort) {
  EXPECT_EQ(refusal(file(header(""), 5000)),
            "m: is said to end at byte 5000, but has 112 bytes; is the download incomplete?");
}

TEST(Hdf5Header, LiesInTheFile) {
  EXPECT_EQ(refusal(with(file(header("")), 64, u64(4096))),
            "m: an object header is said to lie at 4096, but the file has 112 bytes; it is damaged or incomplete");
  EXPECT_EQ(refusal(with(file(header("")), 64, kNowhere)),
            "m: an object header is said to lie at 18446744073709551615, but the file has 112 bytes; it is damaged or "
            "incomplete");
  EXPECT_EQ(refusal(with(file(header("")), kRoot + 8, u32(0xFFFFFFFF))),
            "m: an object header at 112 needs 4294967295 bytes, but the file has 112; it is damaged or incomplete");
}

TEST(Hdf5Header, IsOfAKnownVersion) {
  EXPECT_EQ(refusal(with(file(header("")), kRoot, u8(7))),
            "m: an object header is of version 7; 1 and 2 are known (at byte 96)");
  EXPECT_EQ(refusal(file("OHDR" + u8(3) + std::string(12, '\0'))),
            "m: an object header 'OHDR' is of version 3; 2 is known (at byte 96)");
}

TEST(Hdf5Header, HoldsItsMessages) {
  EXPECT_EQ(refusal(file(header(u16(1) + u16(400) + u32(0)))),
            "m: a message of an object header needs 400 bytes, 0 are left; is the file incomplete? (at byte 120)");
}

TEST(Hdf5Header, GoesOnWhereNothingElseIs) {
  const auto continued = [](std::uint64_t at, std::uint64_t bytes) { return message(0x10, u64(at) + u64(bytes)); };
  EXPECT_EQ(refusal(file(header(continued(kRoot, 24)))),
            "m: the continuation of an object header lies where something else was read, or is part of itself (at byte "
            "96)");
  const std::uint64_t second = kRoot + kMessages + 24;
  EXPECT_EQ(refusal(file(header(continued(second, 24)) + continued(second, 24))),
            "m: the continuation of an object header lies where something else was read, or is part of itself (at byte "
            "136)");
  EXPECT_EQ(refusal(file(header(continued(100, UINT64_MAX - 50)))),
            "m: an object header at 100 needs 18446744073709551565 bytes, but the file has 136; it is damaged or "
            "incomplete");
}

TEST(Hdf5DataSet, HasASaneShape) {
  const auto of = [](const std::string& space) { return file(header(message(1, space))); };
  EXPECT_EQ(refusal(of(dataspace(u64(std::uint64_t{1} << 40) + u64(std::uint64_t{1} << 30), 2))),
            "m: a dataspace has more than 2^63 elements (at byte 144)");
  EXPECT_EQ(refusal(of(dataspace(u64(UINT64_MAX), 1))), "m: a dataspace has more than 2^63 elements (at byte 136)");
  EXPECT_EQ(refusal(of(dataspace("", 65))), "m: a dataspace has 65 dimensions, more than 64 (at byte 128)");
  EXPECT_EQ(refusal(of(dataspace("", 4))),
            "m: the extents of a dataspace needs 8 bytes, 0 are left; is the file incomplete? (at byte 128)");
  EXPECT_EQ(refusal(of(u8(9))), "m: a dataspace is of version 9; 1 and 2 are known (at byte 121)");
}

TEST(Hdf5DataSet, LiesInTheFile) {
  EXPECT_EQ(refusal(file(data_set(1000, 0, 4000))),
            "m: data at 0 have 4000 bytes, but the file has 200; is the download incomplete? (at byte 194)");
  EXPECT_EQ(refusal(file(data_set(1000, UINT64_MAX - 9, 40))),
            "m: data at 18446744073709551606 have 40 bytes, but the file has 200; is the download incomplete? (at byte "
            "194)");
  EXPECT_EQ(refusal(file(header(message(8, u8(3) + u8(0) + u16(500))))),
            "m: compact data are said to have 500 bytes, 4 are left (at byte 124)");
  EXPECT_EQ(refusal(file(header(message(8, u8(6) + u8(0))))),
            "m: a data layout is of version 6; 1 to 5 are known (at byte 121)");
}

// A root of the old kind: its header, a heap with the name "a", and what the tree points at.
constexpr std::uint64_t kHeap = kRoot + kMessages + 24;
constexpr std::uint64_t kNames = kHeap + 32;
constexpr std::uint64_t kTree = kNames + 16;
std::string old_group(const std::string& rest, std::uint64_t names = 16, std::uint64_t names_at = kNames) {
  return file(header(symbol_table(kTree, kHeap)) + heap(names, names_at) + padded(std::string("\0a\0", 3)) +
              std::string(8, 'x') + rest);
}

TEST(Hdf5OldGroup, IsRead) {
  const std::uint64_t node = kTree + 40;
  const std::string bytes = old_group(tree(u64(0) + u64(node), 1) + symbols(symbol(1, node + 48), 1) + header(""));
  const auto source = memory_source("m", bytes);
  File file(*source, kLimits);
  const std::vector<Link> links = file.links(file.open(file.root()));
  ASSERT_EQ(links.size(), 1U);
  EXPECT_EQ(links[0].name, "a");
  EXPECT_EQ(links[0].target, node + 48);
}

TEST(Hdf5OldGroup, HasATreeWithoutCircles) {
  EXPECT_EQ(refusal(old_group(tree(u64(0) + u64(kTree), 1))),
            "m: a node of a group's B-tree lies where something else was read, or is part of itself (at byte 184)");
  const std::uint64_t node = kTree + 56;
  EXPECT_EQ(refusal(old_group(tree(u64(0) + u64(node) + u64(0) + u64(node), 2) + symbols("", 0))),
            "m: a symbol table node lies where something else was read, or is part of itself (at byte 240)");
}

TEST(Hdf5OldGroup, HasNodesInTheFile) {
  EXPECT_EQ(refusal(old_group(tree("", 60000))),
            "m: a node of a group's B-tree at 208 needs 960000 bytes, but the file has 208; it is damaged or "
            "incomplete");
  EXPECT_EQ(refusal(old_group(tree(u64(0) + u64(1 << 20), 1))),
            "m: a node of a group's B-tree at 1048576 needs 4 bytes, but the file has 224; it is damaged or "
            "incomplete");
  EXPECT_EQ(refusal(old_group(tree(u64(0) + u64(kTree + 40), 1) + symbols("", 3))),
            "m: a symbol table node at 232 needs 120 bytes, but the file has 232; it is damaged or incomplete");
  EXPECT_EQ(refusal(old_group(tree("", 0, 1))), "m: a group's B-tree is of kind 1; that of groups is 0 (at byte 184)");
  EXPECT_EQ(refusal(old_group("NODE" + std::string(40, '\0'))),
            "m: a node of a group's B-tree does not begin with 'TREE' (at byte 184)");
}

TEST(Hdf5OldGroup, HasNamesInItsHeap) {
  const std::uint64_t node = kTree + 40;
  const auto named = [&](std::uint64_t at, std::uint64_t names, std::uint64_t names_at = kNames) {
    return old_group(tree(u64(0) + u64(node), 1) + symbols(symbol(at, kRoot), 1), names, names_at);
  };
  EXPECT_EQ(
      refusal(named(50, 16)),
      "m: the place of a name in a local heap needs 50 bytes, 16 are left; is the file incomplete? (at byte 168)");
  EXPECT_EQ(refusal(named(9, 16)),
            "m: a name in a local heap has no end in the 7 bytes left; is the file incomplete? (at byte 177)");
  EXPECT_EQ(refusal(named(1, UINT64_MAX)),
            "m: the names in a local heap at 168 needs 18446744073709551615 bytes, but the file has 272; it is damaged "
            "or incomplete");
  EXPECT_EQ(refusal(with(named(1, 16), kHeap, "LEAP")), "m: a local heap does not begin with 'HEAP' (at byte 136)");
}

TEST(Hdf5Group, MayLeadInACircle) {
  const std::string bytes = file(header(link("self", kRoot) + link("again", kRoot)));
  const auto source = memory_source("m", bytes);
  File file(*source, kLimits);
  const Object root = file.open(file.root());
  EXPECT_EQ(file.links(root).size(), 2U);
  EXPECT_TRUE(file.is_known(file.links(root)[0].target));
  EXPECT_EQ(testing::error_of([&] { file.open(kRoot); }),
            "m: an object header lies where something else was read, or is part of itself (at byte 96)");
}

TEST(Hdf5Group, HasNamesOfABoundedLength) {
  EXPECT_EQ(refusal(file(header(message(6, u8(1) + u8(2) + u32(70000) + std::string(20, 'n'))))),
            "m: a link has a name of 70000 bytes, more than 65536 (limit name_bytes) (at byte 126)");
}

TEST(Hdf5Attribute, HasItsTexts) {
  const std::uint64_t behind = kRoot + kMessages + 8 + 8 + 8 + 24 + 16 + 16;
  const std::string one = u32(5) + u64(behind) + u32(1);
  const auto of = [&](std::uint64_t count, const std::string& value, const std::string& rest) {
    return file(header(attribute("a", count, value)) + rest);
  };
  const std::string good = of(1, one, global_heap(heap_object(1, "hello")));
  const auto source = memory_source("m", good);
  {
    File file(*source, kLimits);
    EXPECT_EQ(file.text(*file.open(file.root()).attribute("a")), "hello");
  }
  EXPECT_EQ(refusal(of(1000, one, "")),
            "m: the attribute 'a' is said to have 1000 texts of 16 bytes, but has 16 bytes");
  EXPECT_EQ(refusal(of(1, one, global_heap(heap_object(2, "hello")))),
            "m: a text is object 1 of a global heap, which has none of this number (at byte 192)");
  EXPECT_EQ(refusal(of(1, one, global_heap(heap_object(1, "a") + heap_object(1, "b")))),
            "m: a global heap has two objects of number 1 (at byte 192)");
  EXPECT_EQ(refusal(of(1, one, global_heap("", 4))),
            "m: a global heap is said to have 4 bytes, less than its head (at byte 192)");
  EXPECT_EQ(refusal(of(1, one, global_heap("", 1 << 30))),
            "m: a global heap at 192 needs 1073741824 bytes, but the file has 208; it is damaged or incomplete");
  EXPECT_EQ(refusal(of(1, one, global_heap(u64(1) + u64(99)))),
            "m: an object of a global heap needs 99 bytes, 0 are left; is the file incomplete? (at byte 224)");
}

// A heap object of 3,000 bytes that a thousand texts point at, with a limit that a few of them reach.
TEST(Hdf5Attribute, DoesNotMakeMuchOfLittle) {
  const std::uint64_t count = 1000;
  const std::uint64_t behind = kRoot + kMessages + 8 + 8 + 8 + 24 + 16 + 16 * count;
  std::string value;
  for (std::uint64_t i = 0; i < count; ++i) value += u32(3000) + u64(behind) + u32(1);
  const std::string bytes =
      file(header(attribute("a", count, value)) + global_heap(heap_object(1, std::string(3000, 't'))));
  EXPECT_EQ(refusal(bytes, 100'000), "m: has tables and texts of more than 100000 bytes (limit hdf5_bytes)");
}

// many_new.h5 with one field of its heaps and trees changed.
class Hdf5Dense : public ::testing::Test {
 protected:
  std::string patched(const std::string& sign, std::size_t at, const std::string& patch, bool last = false) {
    const std::size_t found = last ? bytes_.rfind(sign) : bytes_.find(sign);
    return with(bytes_, found + at, patch);
  }
  const std::string bytes_ = testing::file("hdf5/many_new.h5");
};

TEST_F(Hdf5Dense, HeapHasASaneTable) {
  const std::string heap_width = patched("FRHP", 110, u16(3));
  EXPECT_NE(refusal(heap_width).find("m: the table of a fractal heap is impossible (at byte "), std::string::npos);
  EXPECT_NE(refusal(patched("FRHP", 7, u16(4))).find("keeps its names in a compressed heap"), std::string::npos);
}

TEST_F(Hdf5Dense, TreeHasSaneNodes) {
  EXPECT_NE(refusal(patched("BTHD", 6, u32(4))).find("the header of a B-tree of version 2 is impossible (at byte "),
            std::string::npos);
  EXPECT_NE(refusal(patched("BTHD", 24, u16(60000))).find("is said to have 60000 records, more than fit into its 512"),
            std::string::npos);
}

}  // namespace
}  // namespace weigh::hdf5
