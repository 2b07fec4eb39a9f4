// Checkpoints of Megatron's ranks: tensors put together, layers counted on, what is missing or cannot be told.
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

Model checkpoint(const std::string& name) {
  Model model = read(data_path("megatron/" + name));
  for (Note& note : model.notes)
    if (note.place == model.source) note.place.clear();
  return model;
}

std::string zeros(const std::string& key, const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size(), 1);
  std::int64_t elements = 1;
  for (std::size_t i = shape.size(); i-- > 0; elements *= shape[i]) strides[i] = elements;
  return py::tensor(py::storage("FloatStorage", key, elements), 0, shape, strides);
}
// A file of one rank with one tensor.
std::string rank_file(const std::string& name, const std::vector<std::int64_t>& shape) {
  return torch_file(py::dict({{"model", py::dict({{name, zeros("0", shape)}})}, {"iteration", py::integer(3)}}),
                    {{"0", std::string(4096, '\0')}});
}
// Two tensor ranks with one tensor each.
Files two_ranks(const std::string& name, const std::vector<std::int64_t>& first,
                const std::vector<std::int64_t>& second) {
  return {{"mp_rank_00/model_optim_rng.pt", rank_file(name, first)},
          {"mp_rank_01/model_optim_rng.pt", rank_file(name, second)}};
}

TEST(Megatron, HasTheTensorsOfTheWhole) {
  const Json expected = testing::expected("megatron");
  for (const char* name : {"four", "four/iter_0000010", "one/iter_0000010"}) {
    SCOPED_TRACE(name);
    const Model model = checkpoint(name);
    EXPECT_EQ(notes_of(model), "");
    expect_totals(summarize(model).totals, expected, {"parameters"});
    expect_shapes(model, expected["shapes"]);
  }
  EXPECT_EQ(summarize(checkpoint("one/iter_0000010")).totals.bytes.known(), expected["bytes"].get<std::uint64_t>());
}

TEST(Megatron, TellsRanksAndWhatTheyHold) {
  const Model model = checkpoint("four");
  EXPECT_EQ(model.format, "Megatron");
  EXPECT_EQ(model.kind, "checkpoint, 2 tensor × 2 pipeline ranks");
  ASSERT_EQ(model.metadata.size(), 5U);
  EXPECT_EQ(model.metadata[0], (std::pair<std::string, std::string>{"iteration", "10"}));
  EXPECT_EQ(model.metadata[1].first, "mp_rank_00_000");
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.optimizer_tensors, 4U);
  EXPECT_EQ(totals.optimizer_bytes, 80U);
  ASSERT_NE(find(model, "output_layer.weight"), nullptr);
  EXPECT_NE(find(model, "output_layer.weight")->tied_to, kNone);
}

TEST(Megatron, NamesMissingRanks) {
  EXPECT_EQ(notes_of(checkpoint("missing_rank")),
            "missing-rank : has 3 of 4 ranks (2 tensor × 2 pipeline ranks); what is missing is as what is there\n");
  Files files;
  for (const char* folder : {"mp_rank_00_000", "mp_rank_01_000"})
    files[std::string(folder) + "/model_optim_rng.pt"] =
        file("megatron/four/iter_0000010/" + std::string(folder) + "/model_optim_rng.pt");
  const Model model = read_files(files, "");
  EXPECT_EQ(
      notes_of(model),
      "missing-rank : has 2 of 4 ranks (2 tensor × 2 pipeline ranks); layers are missing, so the totals are lower "
      "bounds\n");
  EXPECT_FALSE(summarize(model).totals.is_exact());
}

TEST(Megatron, AddsUpWhatItCannotPutTogether) {
  Model model = read_files(two_ranks("strange.weight", {2, 2}, {2, 2}), "");
  EXPECT_EQ(notes_of(model),
            "model-ranks : nothing tells how 'strange.weight' is divided, so the totals are sums over 2 ranks\n");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 8U);
  EXPECT_EQ(shape_of(model, "mp_rank_01.strange.weight"), "[2, 2]");
  model = read_files(two_ranks("linear_fc1.weight", {2, 2}, {3, 2}), "");
  EXPECT_EQ(notes_of(model),
            "model-ranks : 'linear_fc1.weight' differs in mp_rank_01, so the totals are sums over 2 ranks\n");
  EXPECT_EQ(summarize(model).totals.parameters.known(), 10U);
  Files experts = {{"mp_rank_00_000_000/model_optim_rng.pt", rank_file("linear_fc1.weight", {2, 2})},
                   {"mp_rank_00_000_001/model_optim_rng.pt", rank_file("linear_fc1.weight", {2, 2})}};
  EXPECT_EQ(notes_of(read_files(experts, "")),
            "model-ranks : experts are divided among 2 ranks, so the totals are sums over 2 ranks\n");
}

TEST(Megatron, PutsRowsAndColumnsTogether) {
  EXPECT_EQ(shape_of(read_files(two_ranks("linear_fc1.weight", {2, 2}, {2, 2}), ""), "linear_fc1.weight"), "[4, 2]");
  EXPECT_EQ(shape_of(read_files(two_ranks("linear_fc2.weight", {2, 2}, {2, 2}), ""), "linear_fc2.weight"), "[2, 4]");
  EXPECT_EQ(shape_of(read_files(two_ranks("linear_fc2.bias", {2}, {2}), ""), "linear_fc2.bias"), "[2]");
  EXPECT_EQ(
      shape_of(read_files(two_ranks("self_attention.dense.weight", {2, 2}, {2, 2}), ""), "self_attention.dense.weight"),
      "[2, 4]");
}

TEST(Megatron, CountsLayersOnAcrossPartsOfThePipeline) {
  const std::string first = py::dict({{"layers.0.norm.weight", zeros("0", {2})}});
  const std::string second = py::dict({{"layers.0.norm.weight", zeros("0", {3})}});
  const std::string both =
      torch_file(py::dict({{"model0", first}, {"model1", second}}), {{"0", std::string(64, '\0')}});
  const Model model =
      read_files({{"mp_rank_00_000/model_optim_rng.pt", both}, {"mp_rank_00_001/model_optim_rng.pt", both}}, "");
  EXPECT_EQ(shape_of(model, "layers.0.norm.weight"), "[2]");
  EXPECT_EQ(shape_of(model, "layers.1.norm.weight"), "[2]");
  EXPECT_EQ(shape_of(model, "layers.2.norm.weight"), "[3]");
  EXPECT_EQ(shape_of(model, "layers.3.norm.weight"), "[3]");
}

TEST(Megatron, IsReadOrRefusedAtEveryPrefix) {
  Files files = two_ranks("linear_fc1.weight", {2, 2}, {2, 2});
  const std::string bytes = files["mp_rank_01/model_optim_rng.pt"];
  EXPECT_EQ(every_prefix(bytes,
                         [&](std::string_view prefix) {
                           files["mp_rank_01/model_optim_rng.pt"] = prefix;
                           read_files(files, "");
                         }),
            bytes.size());
  files["mp_rank_01/model_optim_rng.pt"] = torch_file(py::none());
  EXPECT_EQ(error_of([&] { read_files(files, ""); }), "mp_rank_01/model_optim_rng.pt: holds no dictionary");
}

}  // namespace
}  // namespace weigh::testing
