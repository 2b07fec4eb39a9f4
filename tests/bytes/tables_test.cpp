#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "bytes/flat_index.h"
#include "bytes/hash.h"

namespace weigh {
namespace {

std::string name_of(std::uint32_t number) { return "layer." + std::to_string(number) + ".weight"; }

std::uint32_t find_name(const FlatIndex& index, const std::string& name) {
  return index.find(hash_of(name), [&](std::uint32_t number) { return name_of(number) == name; });
}

TEST(FlatIndex, FindsNothingWhereNothingIs) {
  FlatIndex index;
  EXPECT_EQ(index.find(7, [](std::uint32_t) { return true; }), FlatIndex::kNone);
  index.reserve(10);
  EXPECT_EQ(index.find(7, [](std::uint32_t) { return true; }), FlatIndex::kNone);
}

TEST(FlatIndex, FindsWhatWasInsertedWhileItGrows) {
  constexpr std::uint32_t kCount = 100'000;
  FlatIndex index;
  for (std::uint32_t i = 0; i < kCount; ++i) index.insert(i, hash_of(name_of(i)));
  for (std::uint32_t i = 0; i < kCount; ++i) ASSERT_EQ(find_name(index, name_of(i)), i);
  for (std::uint32_t i = kCount; i < 2 * kCount; ++i) ASSERT_EQ(find_name(index, name_of(i)), FlatIndex::kNone);
}

TEST(FlatIndex, FindsEachElementAfterEveryInsertion) {
  FlatIndex index;
  for (std::uint32_t count = 1; count <= 300; ++count) {
    index.insert(count - 1, hash_of(name_of(count - 1)));
    for (std::uint32_t i = 0; i < count; ++i) ASSERT_EQ(find_name(index, name_of(i)), i);
  }
}

TEST(FlatIndex, KeepsItsElementsWhenItReserves) {
  FlatIndex index;
  index.reserve(10);
  for (std::uint32_t i = 0; i < 10; ++i) index.insert(i, hash_of(name_of(i)));
  index.reserve(100'000);
  index.reserve(1);
  for (std::uint32_t i = 0; i < 10; ++i) EXPECT_EQ(find_name(index, name_of(i)), i);
}

TEST(FlatIndex, TellsElementsOfOneHashApart) {
  FlatIndex index;
  for (std::uint32_t i = 0; i < 200; ++i) index.insert(i, 42);
  for (std::uint32_t i = 0; i < 200; ++i)
    EXPECT_EQ(index.find(42, [&](std::uint32_t number) { return number == i; }), i);
  EXPECT_EQ(index.find(42, [](std::uint32_t) { return false; }), FlatIndex::kNone);
}

TEST(FlatIndex, LooksOnlyAtElementsOfTheSameHash) {
  FlatIndex index;
  for (std::uint32_t i = 0; i < 1000; ++i) index.insert(i, std::uint64_t{i} << 32);
  std::vector<std::uint32_t> seen;
  index.find(std::uint64_t{64} << 32, [&](std::uint32_t number) {
    seen.push_back(number);
    return false;
  });
  EXPECT_EQ(seen, std::vector<std::uint32_t>{64});
}

TEST(Hash, IsTheSameForTheSameText) {
  const std::string text = "transformer.layers.0.self_attention.weight";
  const std::string copy = " " + text;
  for (std::size_t length = 0; length <= text.size(); ++length)
    EXPECT_EQ(hash_of(text.substr(0, length)), hash_of(std::string_view(copy).substr(1, length)));
  EXPECT_EQ(hash_of(std::string_view()), hash_of(""));
}

TEST(Hash, DiffersByLengthAlone) {
  std::set<std::uint64_t> hashes;
  for (std::size_t length = 0; length < 100; ++length) hashes.insert(hash_of(std::string(length, '\0')));
  EXPECT_EQ(hashes.size(), 100U);
}

TEST(Hash, DependsOnEveryByte) {
  for (const std::size_t length : {1U, 7U, 8U, 9U, 16U, 23U}) {
    std::set<std::uint64_t> hashes = {hash_of(std::string(length, 'a'))};
    for (std::size_t i = 0; i < length; ++i) {
      std::string text(length, 'a');
      text[i] = 'b';
      hashes.insert(hash_of(text));
    }
    EXPECT_EQ(hashes.size(), length + 1);
  }
}

TEST(Hash, IsSeededOnceAProcess) { EXPECT_EQ(hash_seed(), hash_seed()); }

}  // namespace
}  // namespace weigh
