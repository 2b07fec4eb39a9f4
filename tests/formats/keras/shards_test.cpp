// Weights of Keras in shards: the index and its files as Keras wrote them, and changed.
#include <cstdint>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "formats/keras/format.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

using Json = nlohmann::json;

// The index of sharded.weights.json with its files, to be changed.
struct SavedShards {
  Json index = Json::parse(file("keras/sharded.weights.json"));
  Files files;
  SavedShards() {
    for (int i = 0; i < 6; ++i) files[shard(i)] = file("keras/" + shard(i));
  }
  static std::string shard(int number) { return "sharded_0000" + std::to_string(number) + ".weights.h5"; }
  Model read() const {
    Files all = files;
    all["sharded.weights.json"] = index.dump();
    return read_files(all, "sharded.weights.json");
  }
};

TEST(KerasShards, AreOneModel) {
  const Model model = SavedShards().read();
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.format, "Keras");
  EXPECT_EQ(model.kind, "weights, 6 shards");
  std::uint64_t bytes = 0;
  for (const auto& [name, shard] : SavedShards().files) bytes += shard.size();
  EXPECT_EQ(model.source_bytes, bytes);
  EXPECT_EQ(model.sections.back().kind, SectionKind::optimizer_state);
  const Model whole = read(data_path("keras/zoo.weights.h5"));
  EXPECT_EQ(summarize(model).totals.parameters, summarize(whole).totals.parameters);
  EXPECT_EQ(summarize(model).totals.bytes, summarize(whole).totals.bytes);
  EXPECT_EQ(model.sections.back().bytes, whole.sections.back().bytes);
}

TEST(KerasShards, AreFoundInADirectory) {
  SavedShards saved;
  saved.files["sharded.weights.json"] = saved.index.dump();
  EXPECT_EQ(read_files(saved.files, "").kind, "weights, 6 shards");
  EXPECT_EQ(notes_of(read_files(saved.files, "")), "");
  saved.files["other_00000.weights.h5"] = saved.files[SavedShards::shard(2)];
  EXPECT_NE(error_of([&] { read_files(saved.files, ""); }).find("other_00000.weights.h5"), std::string::npos);
  EXPECT_TRUE(is_keras_shard("a_00000.weights.h5", "a.weights.json"));
  for (const char* other : {"a.weights.h5", "a_.weights.h5", "a_0000.weights.h5", "a_0000x.weights.h5",
                            "b_00000.weights.h5", "a_00000.weights.json", "ab_00000.weights.h5", "a", ""})
    EXPECT_FALSE(is_keras_shard(other, "a.weights.json")) << other;
}

TEST(KerasShards, ThatAreMissingAreNoted) {
  SavedShards saved;
  saved.files.erase(SavedShards::shard(5));
  const Model model = saved.read();
  EXPECT_EQ(notes_of(model).find("missing-shard sharded_00005.weights.h5: is not there, but variables of "), 0U)
      << notes_of(model);
  EXPECT_EQ(model.notes.size(), 1U);
  saved.files.clear();
  EXPECT_EQ(error_of([&] { saved.read(); }), "sharded.weights.json: none of the files that the index names is there");
}

TEST(KerasShards, AreComparedWithTheIndex) {
  SavedShards saved;
  saved.index["metadata"]["total_size"] = 1.5e3;
  EXPECT_EQ(notes_of(saved.read()).find("total-size metadata.total_size: is 1500 in the index, the shards hold "), 0U);
  saved = {};
  saved.index["weight_map"]["/layers/nobody/vars"] = "sharded_00002.weights.h5";
  EXPECT_EQ(notes_of(saved.read()),
            "missing-tensor /layers/nobody/vars: has no variables in sharded_00002.weights.h5, where the index has "
            "them\n");
  saved = {};
  saved.index["weight_map"].erase("/layers/p_re_lu/vars");
  EXPECT_EQ(notes_of(saved.read()),
            "unlisted-tensor layers/p_re_lu/vars: has variables in sharded_00001.weights.h5 that the index does not "
            "name; they are counted\n");
  saved = {};
  saved.files[SavedShards::shard(2)] = saved.files[SavedShards::shard(1)];
  EXPECT_NE(notes_of(saved.read())
                .find("duplicate-tensor layers/p_re_lu/vars/0: is in two of the files; that of the "
                      "first by name is counted\n"),
            std::string::npos);
}

TEST(KerasShards, OfAMalformedIndexAreRefused) {
  SavedShards saved;
  saved.index["weight_map"] = Json::object();
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  saved.index["weight_map"]["/vars"] = "../secret.weights.h5";
  EXPECT_NE(error_of([&] { saved.read(); }).find("which is not inside its folder; it is not opened"),
            std::string::npos);
  saved.index["weight_map"]["/vars"] = 7;
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  saved.index["weight_map"]["/vars"] = {"a", 7};
  EXPECT_NE(error_of([&] { saved.read(); }), "");
  const std::string index = SavedShards().index.dump();
  Files files = SavedShards().files;
  const std::size_t refused = every_prefix(index, [&](std::string_view prefix) {
    files["sharded.weights.json"] = prefix;
    read_files(files, "sharded.weights.json");
  });
  EXPECT_EQ(refused, index.size());
  saved = {};
  const std::string shard = saved.files[SavedShards::shard(5)];
  for (std::size_t length = 0; length < shard.size(); length += 97) {
    saved.files[SavedShards::shard(5)] = shard.substr(0, length);
    EXPECT_THROW(saved.read(), Error) << length;
  }
}

TEST(KerasShards, TellWhereNumbersLie) {
  ReadOptions options;
  options.locations = true;
  const Model model = read(data_path("keras/sharded.weights.json"), options);
  ASSERT_EQ(model.files.size(), 6U);
  std::set<Index> used;
  for (std::size_t i = 0; i < model.tensors.size(); ++i) {
    const Location& place = model.locations.at(i);
    if (place.file == kNone) continue;
    used.insert(place.file);
    EXPECT_LE(place.offset + model.tensors[i].stored_bytes, read_file(model.files[place.file]).size());
  }
  EXPECT_EQ(used.size(), 2U);  // the others hold the optimizer's
}

}  // namespace
}  // namespace weigh::testing
