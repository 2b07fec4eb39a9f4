// Checkpoints of DeepSpeed: whole parameters from what the ranks wrote, ranks that are missing.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "bytes/folder.h"
#include "conventions/rank_name.h"
#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

TEST(RankName, HoldsNumbersBetweenTexts) {
  using Numbers = std::vector<std::uint64_t>;
  const char* const pattern = "zero_pp_rank_#_mp_rank_#_optim_states.pt";
  EXPECT_EQ(numbers_in("zero_pp_rank_3_mp_rank_02_optim_states.pt", pattern), (Numbers{3, 2}));
  EXPECT_EQ(numbers_in("zero_pp_rank__mp_rank_02_optim_states.pt", pattern), std::nullopt);
  EXPECT_EQ(numbers_in("zero_pp_rank_3_mp_rank_02_optim_states.pt.tmp", pattern), std::nullopt);
  EXPECT_EQ(numbers_in("zero_pp_rank_-3_mp_rank_02_optim_states.pt", pattern), std::nullopt);
  EXPECT_EQ(numbers_in("zero_pp_rank_99999999999999999999_mp_rank_02_optim_states.pt", pattern), std::nullopt);
  EXPECT_EQ(numbers_in("", "#"), std::nullopt);
}

TEST(RankName, IsToldAsText) {
  EXPECT_EQ(ranks_text({0}, 1), "rank 0 of 1");
  EXPECT_EQ(ranks_text({0, 1}, 4), "ranks 0 and 1 of 4");
  EXPECT_EQ(ranks_text({0, 1, 3}, 4), "ranks 0, 1 and 3 of 4");
  EXPECT_EQ(ranks_text({0, 1, 2, 3, 4, 5, 6}, 8), "ranks 0 to 6 of 8");
}

std::string size_of(const std::vector<std::int64_t>& numbers) {
  return py::call(py::global("torch", "Size"), {py::sizes(numbers)});
}
std::string tensor_of(std::int64_t elements) {
  return py::tensor(py::storage("FloatStorage", "0", elements), 0, {elements}, {1});
}
// Model states of a rank of ZeRO 3: one parameter of [3, 4], trained, which holds no elements.
std::string model_states(std::int64_t ranks, const std::string& size = size_of({3, 4})) {
  return torch_file(py::dict({{"module", py::dict({{"a.w", tensor_of(0)}})},
                              {"param_shapes", py::list({py::dict({{"a.w", size}})})},
                              {"buffer_names", py::list({})},
                              {"dp_world_size", py::integer(ranks)},
                              {"ds_version", py::text("0.19")}}),
                    {{"0", ""}});
}
std::string optimizer_states(std::int64_t ranks, std::int64_t elements) {
  return torch_file(
      py::dict({{"optimizer_state_dict", py::dict({{"zero_stage", py::integer(3)},
                                                   {"partition_count", py::integer(ranks)},
                                                   {"fp32_flat_groups", py::list({tensor_of(elements)})}})}}),
      {{"0", std::string(static_cast<std::size_t>(elements) * 4, '\0')}});
}
std::string model_name(int rank) { return "zero_pp_rank_" + std::to_string(rank) + "_mp_rank_00_model_states.pt"; }
std::string optimizer_name(int rank) { return "zero_pp_rank_" + std::to_string(rank) + "_mp_rank_00_optim_states.pt"; }
Files four_ranks() {
  Files files;
  for (int rank = 0; rank < 4; ++rank) {
    files[model_name(rank)] = model_states(4);
    files[optimizer_name(rank)] = optimizer_states(4, 3);
  }
  return files;
}

Model checkpoint(const std::string& name) {
  Model model = read(data_path("deepspeed/" + name));
  for (Note& note : model.notes)
    if (note.place == model.source) note.place.clear();
  return model;
}

TEST(DeepSpeed, HasTheCountsOfItsMaker) {
  const Json expected = testing::expected("deepspeed")["net"];
  for (const char* name : {"zero1", "zero2", "zero3", "zero3/global_step1", "missing_rank"}) {
    SCOPED_TRACE(name);
    const Model model = checkpoint(name);
    const Totals totals = summarize(model).totals;
    expect_totals(totals, expected, {"parameters", "trainable", "buffers"});
    EXPECT_TRUE(totals.trainable_recorded);
    Json shapes = expected["shapes"];
    shapes.erase("head.weight");  // tied
    expect_shapes(model, shapes);
  }
}

TEST(DeepSpeed, TellsItsStageAndRanks) {
  EXPECT_EQ(checkpoint("zero1").kind, "ZeRO 1, 2 ranks");
  EXPECT_EQ(checkpoint("zero2").kind, "ZeRO 2, 2 ranks");
  EXPECT_EQ(checkpoint("zero3").kind, "ZeRO 3, 2 ranks");
  EXPECT_EQ(notes_of(checkpoint("zero2")), "");
  EXPECT_EQ(notes_of(checkpoint("zero3")), "");
  EXPECT_EQ(
      notes_of(checkpoint("missing_rank")),
      "missing-rank : has the model states of rank 0 of 2; the shapes are known from the others, but it cannot be "
      "loaded\n"
      "missing-rank : has the optimizer states of rank 0 of 2; the optimizer state is a lower bound\n");
  for (const char* name : {"zero1", "zero2", "zero3"}) EXPECT_NE(find(checkpoint(name), "head.weight")->tied_to, kNone);
}

TEST(DeepSpeed, NotesAParameterWithoutASize) {
  const std::string bytes = torch_file(
      py::dict({{"module", py::dict({{"a.w", tensor_of(0)},
                                     {"b.w", py::tensor(py::storage("FloatStorage", "1", 0), 0, {0}, {1})}})},
                {"param_shapes", py::list({py::dict({{"a.w", size_of({3, 4})}})})}}),
      {{"0", ""}, {"1", ""}});
  EXPECT_EQ(notes_of(read_files({{model_name(0), bytes}}, "")),
            "no-size b.w: has no elements, and its size is not recorded: is it tied to another? It is counted as "
            "nothing\n");
}

TEST(DeepSpeed, ReadsUniversalCheckpoints) {
  const Json expected = testing::expected("deepspeed")["net"];
  for (const char* name : {"universal", "universal/global_step1_universal"}) {
    const Model model = checkpoint(name);
    EXPECT_EQ(notes_of(model), "");
    EXPECT_EQ(model.kind, "universal checkpoint");
    EXPECT_EQ(summarize(model).totals.parameters.known(), expected["parameters"].get<std::uint64_t>());
    EXPECT_EQ(shape_of(model, "embed.weight"), "[6, 4]");
  }
  // Without model states, the master weights are all that is known of the model.
  const std::string parameter = torch_file(py::dict({{"param", tensor_of(6)}}), {{"0", std::string(24, '\0')}});
  const Model model = read_files(
      {{"zero/a.w/fp32.pt", parameter}, {"zero/a.w/exp_avg.pt", parameter}, {"zero/b.w/exp_avg.pt", parameter}}, "");
  EXPECT_EQ(notes_of(model), "missing-tensor b.w: has a folder without fp32.pt; it is not counted\n");
  EXPECT_EQ(shape_of(model, "a.w"), "[6]");
  EXPECT_EQ(summarize(model).totals.optimizer_bytes, 48U);
}

TEST(DeepSpeed, PutsPartsTogether) {
  const Model model = read_files(four_ranks(), "");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.format, "DeepSpeed");
  EXPECT_EQ(model.kind, "ZeRO 3, 4 ranks");
  EXPECT_EQ(shape_of(model, "a.w"), "[3, 4]");
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.parameters.known(), 12U);
  EXPECT_EQ(totals.trainable.known(), 12U);
  EXPECT_TRUE(totals.trainable_recorded);
  EXPECT_EQ(totals.bytes.known(), 48U);
  EXPECT_EQ(totals.optimizer_tensors, 4U);
  EXPECT_EQ(totals.optimizer_bytes, 48U);
  ASSERT_EQ(model.metadata.size(), 5U);
  EXPECT_EQ(model.metadata[0].second, "0.19");
  EXPECT_EQ(model.metadata[4].first, "rank 3");
}

TEST(DeepSpeed, NamesMissingRanks) {
  Files files = four_ranks();
  files.erase(optimizer_name(2));
  EXPECT_EQ(notes_of(read_files(files, "")),
            "missing-rank : has the optimizer states of ranks 0, 1 and 3 of 4; the optimizer state is a lower bound\n");
  files.erase(model_name(2));
  files.erase(model_name(0));
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "missing-rank : has the model states of ranks 1 and 3 of 4; the shapes are known from the others, but it "
            "cannot be loaded\n"
            "missing-rank : has the optimizer states of ranks 0, 1 and 3 of 4; the optimizer state is a lower bound\n");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 12U);
}

TEST(DeepSpeed, IsFoundByLatest) {
  Files files;
  for (const auto& [name, bytes] : four_ranks()) files["global_step5/" + name] = files["global_step4/" + name] = bytes;
  files["latest"] = "global_step5\n";
  EXPECT_EQ(read_files(files, "").kind, "ZeRO 3, 4 ranks");
  for (const char* tag : {"../global_step5", "/etc", "", "global_step6"}) {
    files["latest"] = tag;
    EXPECT_EQ(error_of([&] { read_files(files, ""); }), "is a directory without a model: latest");
  }
}

TEST(DeepSpeed, CountsModelRanksOneByOne) {
  Files files;
  for (const char* name : {"mp_rank_00_model_states.pt", "mp_rank_01_model_states.pt"}) files[name] = model_states(1);
  const Model model = read_files(files, "");
  EXPECT_EQ(notes_of(model),
            "model-ranks : holds 2 model ranks; how their tensors are put together is not told, so the totals are sums "
            "over the ranks\n");
  EXPECT_EQ(model.kind, "checkpoint, 1 rank, 2 model ranks");
  EXPECT_EQ(shape_of(model, "mp_rank_01.a.w"), "[3, 4]");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 24U);
}

TEST(DeepSpeed, AddsLayersAndExperts) {
  const std::string layer = torch_file(py::dict({{"w.weight", tensor_of(2)}}), {{"0", std::string(8, '\0')}});
  const Model model = read_files({{"mp_rank_00_model_states.pt", torch_file(py::dict({{"module", py::none()}}))},
                                  {"layer_00-model_00-model_states.pt", layer},
                                  {"layer_01-model_00-model_states.pt", layer},
                                  {"layer_0_expert_0_mp_rank_00_model_states.pt", layer}},
                                 "");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(shape_of(model, "0.w.weight"), "[2]");
  EXPECT_EQ(shape_of(model, "1.w.weight"), "[2]");
  EXPECT_EQ(shape_of(model, "w.weight"), "[2]");
}

TEST(DeepSpeed, RefusesSizesThatAreNone) {
  const auto with_size = [](const std::string& size) {
    return error_of([&] { read_files({{model_name(0), model_states(1, size)}}, ""); });
  };
  const std::string begin = model_name(0) + ": parameter 'a.w' ";
  EXPECT_EQ(with_size(size_of({-3})), begin + "has an extent in param_shapes that is no size");
  EXPECT_EQ(with_size(size_of({INT64_MAX, 4})), begin + "has more elements in param_shapes than 64 bits count");
  EXPECT_EQ(with_size(size_of(std::vector<std::int64_t>(65, 1))),
            begin + "has 65 dimensions, more than 64 (limit dimensions)");
  EXPECT_EQ(error_of([&] {
              read_files({{model_name(0), torch_file(py::none())}}, "");
            }),
            model_name(0) + ": holds no dictionary");
}

TEST(DeepSpeed, IsReadOrRefusedAtEveryPrefix) {
  Files files = four_ranks();
  for (const std::string& name : {model_name(0), optimizer_name(1)}) {
    const std::string bytes = files[name];
    EXPECT_EQ(every_prefix(bytes,
                           [&](std::string_view prefix) {
                             files[name] = prefix;
                             read_files(files, "");
                           }),
              bytes.size());
    files[name] = bytes;
  }
}

// A folder of fixtures, without what is named.
Files without(const std::string& folder, const std::vector<std::string>& missing) {
  Files files;
  for (const std::string& name : files_below("deepspeed/" + folder + "/global_step0"))
    files[name.substr(name.rfind('/') + 1)] = file(name);
  for (const std::string& name : missing) EXPECT_EQ(files.erase(name), 1U) << name;
  return files;
}
std::string notes_without(const std::string& folder, const std::vector<std::string>& missing) {
  Model model = read_files(without(folder, missing), "");
  return notes_of(model);
}

TEST(DeepSpeedPipeline, HasItsLayersUnderTheirNumbers) {
  const Model model = checkpoint("pipeline");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(model.kind, "checkpoint, 1 rank");
  EXPECT_EQ(shape_of(model, "0.weight"), "[6, 4]");
  EXPECT_EQ(shape_of(model, "6.bias"), "[2]");
  EXPECT_EQ(summarize(model).totals.parameters, Count(24 + 4 * 20 + 10));
}

TEST(DeepSpeedPipeline, MissesALayerWhoseNeighboursAreAlike) {
  EXPECT_EQ(notes_without("pipeline", {"layer_02-model_states.pt"}),
            "missing-layer : has no file of layer_02, though those around are alike and others like them follow each "
            "other without a gap: is it incomplete?\n");
  EXPECT_EQ(notes_without("pipeline", {"layer_02-model_states.pt", "layer_03-model_states.pt"}), "");  // nobody knows
}

// Model states of a pipeline's rank: facts, and perhaps names of parameters.
std::string facts_of(const std::vector<std::pair<std::string, std::string>>& shapes = {}) {
  std::vector<std::pair<std::string, std::string>> facts = {{"module", py::none()}, {"dp_world_size", py::integer(1)}};
  if (!shapes.empty()) facts.emplace_back("param_shapes", py::list({py::dict(shapes)}));
  return torch_file(py::dict(facts));
}
std::string layer_of(std::int64_t elements) {
  return torch_file(py::dict({{"weight", tensor_of(elements)}}),
                    {{"0", std::string(static_cast<std::size_t>(elements) * 4, '\0')}});
}

TEST(DeepSpeedPipeline, MissesALayerThatOtherRanksHave) {
  Files files = {{"mp_rank_00_model_states.pt", facts_of()}, {"mp_rank_01_model_states.pt", facts_of()}};
  for (const char* name : {"layer_00-model_00", "layer_00-model_01", "layer_03-model_00", "layer_04-model_01"})
    files[std::string(name) + "-model_states.pt"] = layer_of(std::string_view(name).starts_with("layer_00") ? 600 : 6);
  const std::string ranks =
      "model-ranks : holds 2 model ranks; how their tensors are put together is not told, so the totals are sums over "
      "the ranks\n";
  EXPECT_EQ(
      notes_of(read_files(files, "")),
      ranks +
          "missing-layer : has no layer_03-model_01-model_states.pt, layer_04-model_00-model_states.pt; what is in "
          "them is not counted\n");
  files["layer_03-model_01-model_states.pt"] = files["layer_04-model_00-model_states.pt"] = layer_of(6);
  EXPECT_EQ(notes_of(read_files(files, "")), ranks);
}

TEST(DeepSpeedPipeline, MissesALayerOfWhichParametersAreNamed) {
  const Files files = {{"mp_rank_00_model_states.pt",
                        facts_of({{"0.weight", size_of({6})}, {"7.weight", size_of({6})}, {"8.weight", size_of({6})}})},
                       {"layer_00-model_states.pt", layer_of(6)},
                       {"layer_08-model_states.pt", layer_of(6)}};
  EXPECT_EQ(notes_of(read_files(files, "")),
            "missing-layer : has no layer_07-model_states.pt; what is in it is not counted\n");
}

TEST(DeepSpeedPipeline, NumbersThatNoPipelineHasAreLeft) {
  const Files files = {{"mp_rank_00_model_states.pt", facts_of()},
                       {"layer_00-model_states.pt", layer_of(6)},
                       {"layer_01-model_states.pt", layer_of(6)},
                       {"layer_18446744073709551615-model_states.pt", layer_of(6)}};
  EXPECT_EQ(notes_of(read_files(files, "")), "");
}

std::string expert(int layer, int number) {
  return "layer_" + std::to_string(layer) + "_expert_" + std::to_string(number) + "_mp_rank_00_model_states.pt";
}

TEST(DeepSpeedExperts, AreAllThere) {
  const Model model = checkpoint("experts");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(shape_of(model, "moe.deepspeed_moe.experts.deepspeed_experts.3.weight"), "[4, 4]");
}

TEST(DeepSpeedExperts, AreMissedByTheirNumbers) {
  EXPECT_EQ(notes_without("experts", {expert(0, 1)}),
            "missing-expert : has no layer_0_expert_1_mp_rank_00_model_states.pt; what is in it is not counted\n");
  EXPECT_EQ(notes_without("experts", {expert(0, 3)}),  // the last: num_experts tells
            "missing-expert : has no layer_0_expert_3_mp_rank_00_model_states.pt; what is in it is not counted\n");
  EXPECT_EQ(notes_without("experts", {expert(1, 0), expert(1, 1)}),
            "missing-expert : has no layer_1_expert_0_mp_rank_00_model_states.pt, "
            "layer_1_expert_1_mp_rank_00_model_states.pt; what is in them is not counted\n");
  EXPECT_EQ(notes_without("experts", {expert(0, 0), expert(0, 1), expert(0, 2), expert(0, 3), expert(1, 0)}),
            "missing-expert : has no layer_0_expert_0_mp_rank_00_model_states.pt, "
            "layer_0_expert_1_mp_rank_00_model_states.pt, layer_0_expert_2_mp_rank_00_model_states.pt and 2 more; what "
            "is in them is not counted\n");
}

TEST(DeepSpeedExperts, AreMissedInAGapWhereNobodyTellsTheirNumber) {
  Files files = {{"mp_rank_00_model_states.pt", facts_of()}};
  for (const int number : {0, 2, 3}) files[expert(5, number)] = layer_of(6);
  EXPECT_EQ(notes_of(read_files(files, "")),
            "missing-expert : has no layer_5_expert_1_mp_rank_00_model_states.pt; what is in it is not counted\n");
  files["layer_5_expert_18446744073709551615_mp_rank_00_model_states.pt"] = layer_of(6);
  EXPECT_NE(notes_of(read_files(files, "")), "");
}

}  // namespace
}  // namespace weigh::testing
