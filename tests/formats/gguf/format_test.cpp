// GGUF: fixtures against what the gguf package says of them, each rule broken once, and parts of a split model.
#include <string>
#include <string_view>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

std::string text(std::string_view value) { return little<std::uint64_t>(value.size()) + std::string(value); }
std::string u32(std::uint32_t number) { return little(number); }
std::string u64(std::uint64_t number) { return little(number); }
std::string head(std::uint64_t tensors, std::uint64_t facts) { return "GGUF" + u32(3) + u64(tensors) + u64(facts); }
std::string fact(std::string_view key, std::uint32_t value) { return text(key) + u32(4) + u32(value); }
std::string tensor(std::string_view name, std::uint32_t type, std::uint64_t row, std::uint64_t offset) {
  return text(name) + u32(1) + u64(row) + u32(type) + u64(offset);
}
std::string with_data(std::string header, std::size_t data) {
  header.resize((header.size() + 31) / 32 * 32);
  return header + std::string(data, '\x55');
}
std::string refusal(const std::string& bytes) {
  return error_of([&] { read_bytes(bytes); });
}

class GgufFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(GgufFixture, IsWhatItsToolSays) {
  const Json expected = testing::expected("gguf")[GetParam()];
  const Model model = read_bytes(file(std::string("gguf/") + GetParam()));
  EXPECT_EQ(model.format, "GGUF");
  EXPECT_EQ(model.architecture, GetParam() == std::string_view("split-00002-of-00002.gguf") ? "" : "llama");
  ASSERT_EQ(model.tensors.size(), expected.size());
  for (const Tensor& tensor : model.tensors) {
    Json told = expected.at(model.path_of(tensor));
    if (block_of(tensor.dtype).elements == 0) told.erase("dtype");
    expect_tensor(model, model.path_of(tensor), told);
  }
}

INSTANTIATE_TEST_SUITE_P(All, GgufFixture,
                         ::testing::Values("all_types.gguf", "small.gguf", "big_endian.gguf", "v1.gguf", "v2.gguf",
                                           "split-00001-of-00002.gguf", "split-00002-of-00002.gguf"));

std::string fact_of(const Model& model, std::string_view key) {
  for (const auto& [name, value] : model.metadata)
    if (name == key) return value;
  return "none";
}

TEST(Gguf, TellsItsFacts) {
  for (const char* name : {"gguf/small.gguf", "gguf/big_endian.gguf"}) {
    const Model model = read_bytes(file(name));
    EXPECT_EQ(model.kind, "v3, Q4_K_M");
    EXPECT_EQ(fact_of(model, "llama.context_length"), "2048");
    EXPECT_EQ(fact_of(model, "llama.expert_used_count"), "2");
    EXPECT_EQ(fact_of(model, "llama.rope.freq_base"), "10000");
    EXPECT_EQ(fact_of(model, "tokenizer.ggml.tokens"), "[3]");
    EXPECT_EQ(fact_of(model, "test.flag"), "true");
    EXPECT_EQ(find(model, "rope_freqs.weight")->role, Role::buffer);
    EXPECT_EQ(find(model, "blk.0.attn_q.weight")->role, Role::parameter);
    EXPECT_EQ(notes_of(model), "");
  }
}

TEST(Gguf, TellsWhatATokenUsesOfAMixtureOfExperts) {
  const auto matrices = [](std::string_view name, std::uint64_t offset) {
    return text(name) + u32(3) + u64(8) + u64(4) + u64(6) + u32(0) + u64(offset);  // six experts of 4 × 8
  };
  std::string header = head(3, 6) + text("general.architecture") + u32(8) + text("made") + fact("made.block_count", 2) +
                       fact("made.nextn_predict_layers", 1) + fact("made.expert_count", 6) +
                       fact("made.expert_used_count", 2) + fact("made.expert_shared_count", 1);
  header += tensor("token_embd.weight", 0, 32, 0) + matrices("blk.0.ffn_up_exps.weight", 128) +
            matrices("blk.1.ffn_up_exps.weight", 128 + 768);
  const Model model = read_bytes(with_data(header, 128 + 2 * 768));
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(32 + 2 * 192));
  EXPECT_EQ(summary.totals.active_parameters, 32U + 64U);
  EXPECT_EQ(summary.totals.active_without_embedding, 64U);
  EXPECT_EQ(model.config.experts.shared, 1U);
}

TEST(Gguf, OfAnotherVersionIsRefused) {
  EXPECT_EQ(refusal("GGUF" + u32(4) + u64(0) + u64(0)), "m: is GGUF version 4; versions 1 to 3 can be read");
  EXPECT_EQ(refusal("GGUF" + u32(0) + u64(0) + u64(0)), "m: is GGUF version 0; versions 1 to 3 can be read");
}

TEST(Gguf, CountsMoreThanTheFileHolds) {
  EXPECT_EQ(refusal(head(0, 1000)),
            "m: the facts are said to be 1000, of at least 13 bytes each, but 0 bytes are left; the file is damaged or "
            "its download incomplete (at byte 24)");
  EXPECT_EQ(refusal(head(std::uint64_t{1} << 63, 0)),
            "m: is said to have 9223372036854775808 tensors, more than 10000000 (limit tensors)");
  EXPECT_EQ(refusal(head(0, 1) + text("a") + u32(9) + u32(8) + u64(std::uint64_t{1} << 61)),
            "m: the elements of an array are said to be 2305843009213693952, of at least 8 bytes each, but 0 bytes are "
            "left; the file is damaged or its download incomplete (at byte 49)");
}

TEST(Gguf, HasKeysAndNamesOnce) {
  EXPECT_EQ(refusal(head(0, 2) + fact("a", 1) + fact("a", 1)), "m: the key 'a' stands twice (at byte 50)");
  EXPECT_EQ(refusal(with_data(head(2, 0) + tensor("a.w", 0, 8, 0) + tensor("a.w", 0, 8, 32), 64)),
            "m: tensor 'a.w' stands twice in the header");
}

TEST(Gguf, ArraysAreNotNestedDeeply) {
  std::string nested;
  for (int i = 0; i < 5; ++i) nested += u32(9) + u64(1);
  EXPECT_EQ(refusal(head(0, 1) + text("a") + u32(9) + nested + std::string(64, '\0')),
            "m: the fact 'a' holds arrays more than 4 deep (limit gguf_array_depth)");
}

TEST(Gguf, AlignmentIsAPowerOfTwo) {
  for (const char* number : {"0", "24", "4294967295"}) {
    EXPECT_EQ(
        refusal(head(0, 1) + fact("general.alignment", static_cast<std::uint32_t>(std::stoul(number)))),
        "m: general.alignment is " + std::string(number) + "; it must be a power of two up to 1048576 (at byte 57)");
  }
}

TEST(Gguf, TensorsLieInTheFileWithoutOverlap) {
  EXPECT_EQ(refusal(with_data(head(1, 0) + tensor("w", 0, 8, 0), 31)),
            "m: tensor 'w' needs 32 bytes, 31 are left; is the download incomplete?");
  EXPECT_EQ(refusal(with_data(head(1, 0) + tensor("w", 0, 8, 8), 64)),
            "m: tensor 'w' begins at 8 of the data, which is no multiple of the alignment 32");
  EXPECT_EQ(refusal(with_data(head(2, 0) + tensor("v", 0, 16, 0) + tensor("w", 0, 8, 32), 64)),
            "m: tensor 'w' begins at byte 128, but 'v' before it ends at 160");
}

TEST(Gguf, RowsAreWholeBlocks) {
  EXPECT_EQ(refusal(with_data(head(1, 0) + tensor("w", 2, 33, 0), 64)),
            "m: tensor 'w' has rows of 33 elements, but Q4_0 comes in blocks of 32 (at byte 57)");
}

TEST(Gguf, ShapesDoNotOverflow) {
  const std::string shape = u32(2) + u64(std::uint64_t{1} << 40) + u64(std::uint64_t{1} << 40);
  EXPECT_EQ(refusal(head(1, 0) + text("w") + shape + u32(0) + u64(0)),
            "m: the shape of tensor 'w' has more than 2^63 elements (at byte 53)");
  EXPECT_EQ(refusal(head(1, 0) + text("w") + u32(5) + std::string(64, '\0')),
            "m: tensor 'w' has 5 dimensions; ggml knows 4 at most (at byte 37)");
}

TEST(Gguf, TellsWherePlainNumbersLie) {
  ReadOptions options;
  options.locations = true;
  for (const char* name : {"gguf/small.gguf", "gguf/big_endian.gguf"}) {
    const std::string bytes = file(name);
    const Model model = read(*memory_folder("", {{"m", bytes}}), "m", options);
    ASSERT_EQ(model.locations.size(), 4U);
    EXPECT_EQ(model.locations[1].file, kNone);  // of blocks
    if (name == std::string_view("gguf/big_endian.gguf")) {
      EXPECT_EQ(model.locations[0].file, kNone);
    } else {
      ASSERT_EQ(model.locations[0].file, 0U);
      EXPECT_EQ(bytes.substr(model.locations[0].offset, 768), std::string(768, '\x55'));
      EXPECT_NE(bytes[model.locations[0].offset - 1], '\x55');
    }
  }
}

TEST(Gguf, NotesATypeThatIsNotKnown) {
  EXPECT_EQ(notes_of(read_bytes(with_data(head(1, 0) + tensor("w", 99, 8, 0), 32))),
            "unknown-dtype w: is of ggml's type 99, which is not known; it takes 32 bytes, up to what follows it\n");
}

const char* const kFirst = "split-00001-of-00002.gguf";
const char* const kSecond = "split-00002-of-00002.gguf";
std::string part(const char* name) { return file(std::string("gguf/") + name); }

TEST(GgufParts, AreOneModel) {
  for (std::string_view name : {kFirst, kSecond, ""}) {
    const Model model = read_files({{kFirst, part(kFirst)}, {kSecond, part(kSecond)}}, name);
    EXPECT_EQ(model.tensors.size(), 4U);
    EXPECT_EQ(model.kind, "v3, Q4_K_M, 2 parts");
    EXPECT_EQ(model.source_bytes, part(kFirst).size() + part(kSecond).size());
    EXPECT_EQ(notes_of(model), "");
  }
}

TEST(GgufParts, WithTheSameTensorCountItOnce) {
  const auto part_of = [](std::uint32_t number, std::uint64_t row) {
    const std::string facts = fact("split.no", number) + fact("split.count", 2);
    return with_data(head(1, 2) + facts + tensor("w", 0, row, 0), 128);
  };
  const Model model =
      read_files({{"m-00001-of-00002.gguf", part_of(0, 8)}, {"m-00002-of-00002.gguf", part_of(1, 16)}}, "");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 8U);
  EXPECT_EQ(notes_of(model),
            "duplicate-tensor w: is in m-00002-of-00002.gguf and in a file before it; it is counted once\n");
}

TEST(GgufParts, ThatAreMissingAreNoted) {
  EXPECT_EQ(notes_of(read_files({{kFirst, part(kFirst)}}, kFirst)),
            "missing-shard 2: is not there, of 2 parts; download it, or take the totals as lower bounds\n"
            "missing-tensor split.tensors.count: is 4, the parts hold 2 tensors\n");
}

TEST(GgufParts, OfAnotherPlaceAreNotCounted) {
  const Model model = read_files({{kFirst, part(kFirst)}, {kSecond, part(kFirst)}}, "");
  EXPECT_EQ(model.tensors.size(), 2U);
  EXPECT_EQ(notes_of(model),
            "foreign-shard split-00002-of-00002.gguf: is part 1 of 2 by its header, 2 of 2 by its name; it is not "
            "counted\nmissing-tensor split.tensors.count: is 4, the parts hold 2 tensors\n");
}

}  // namespace
}  // namespace weigh::testing
