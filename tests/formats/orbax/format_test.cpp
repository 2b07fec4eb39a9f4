// Orbax: fixtures against what jax says of the trees, and each rule broken once.
#include "formats/orbax/format.h"

#include <filesystem>
#include <map>
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

class OrbaxFixture : public ::testing::TestWithParam<const char*> {};

TEST_P(OrbaxFixture, IsWhatJaxSays) {
  const std::string name = GetParam();
  const Json expected = testing::expected("flax").at(name);
  const Model model = read_files(files_of("flax/" + name), "");
  EXPECT_EQ(model.format, "Orbax");
  EXPECT_EQ(model.kind, name.starts_with("zarr") ? "Zarr" : "OCDBT");
  EXPECT_EQ(described(model), expected["arrays"]);
  const Summary summary = summarize(model);
  EXPECT_EQ(summary.totals.parameters, Count(expected["elements"].get<std::uint64_t>()));
  EXPECT_TRUE(summary.totals.bytes.is_exact());
  EXPECT_EQ(summary.totals.optimizer_tensors, expected["optimizer_tensors"]);
  EXPECT_EQ(summary.totals.optimizer_bytes, expected["optimizer_bytes"]);
  EXPECT_EQ(notes_of(model), "");
}

INSTANTIATE_TEST_SUITE_P(All, OrbaxFixture, ::testing::Values("zarr", "zarr3", "ocdbt", "sharded", "manager/5"));

TEST(Orbax, ArraysThatAreMissingAreNoted) {
  auto files = files_of("flax/zarr");
  files.erase("params.Dense_0.kernel/.zarray");
  EXPECT_EQ(notes_of(read_files(files, "")),
            "missing-weight params.Dense_0.kernel: has no folder of its own; is the copy complete?\n");
  files = files_of("flax/ocdbt");
  std::string& tree = files["_METADATA"];
  for (std::size_t at; (at = tree.find("Conv_0")) != std::string::npos;) tree.replace(at, 6, "Conv_9");
  const std::string notes = notes_of(read_files(files, ""));
  EXPECT_TRUE(notes.starts_with("missing-weight ")) << notes;
  EXPECT_NE(notes.find("params.Conv_9.kernel: is not in the database; is the copy complete?\n"), std::string::npos);
}

// Names are told by _METADATA, all else by the database.
TEST(Orbax, WithoutItsDatabaseItHasNamesAlone) {
  auto files = files_of("flax/sharded");
  const auto check = [&](const std::string& note) {
    const Model model = read_files(files, "");
    EXPECT_EQ(notes_of(model), note);
    EXPECT_EQ(shape_of(model, "wide"), "?");
    EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
    EXPECT_EQ(model.tensors.size(), 4U);
  };
  std::string data;
  for (const auto& [name, bytes] : files)
    if (name.starts_with("d/")) data = name;
  files.erase(data);
  check("unread-database " + data +
        ": cannot be opened: No such file or directory; the shapes and types of the arrays are not known\n");
  files.erase("manifest.ocdbt");
  check(
      "missing-file manifest.ocdbt: is not there; it leads to the shapes and types of the arrays, which are not "
      "known\n");
}

TEST(Orbax, ADamagedDatabaseIsRefused) {
  auto files = files_of("flax/ocdbt");
  files["manifest.ocdbt"].resize(40);
  EXPECT_EQ(error_of([&] { read_files(files, ""); }),
            "manifest.ocdbt: the manifest of the database: it says that it has 113 bytes, but has 40; is the file "
            "incomplete?");
}

TEST(Orbax, NamesDoNotLeaveTheFolder) {
  const std::string tree =
      R"({"tree_metadata":{"x":{"key_metadata":[{"key":"../x"}],"value_metadata":{"value_type":"jax.Array"}}}})";
  EXPECT_NE(error_of([&] { read_files({{"_METADATA", tree}}, ""); }), "");
}

TEST(Orbax, WithoutATreeIsRefused) {
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("step", {{"_CHECKPOINT_METADATA", "{}"}}), "");
            }),
            "step: is a checkpoint of Orbax without arrays: no folder in it has a _METADATA");
  EXPECT_EQ(error_of([&] {
              read(*memory_folder("step", {{"_METADATA", "{"}}), "");
            }),
            "step/_METADATA: the JSON text of 1 bytes is malformed: an array or object has no end (at byte 0)");
}

}  // namespace
}  // namespace weigh::testing
