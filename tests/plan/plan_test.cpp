// Plans of a model that is small enough for its sums to be done by hand.
#include "weigh/plan.h"

#include <map>
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "plan/pieces.h"
#include "support/giants.h"

#include "weigh/error.h"
#include "weigh/read.h"

namespace weigh {
namespace {

// An embedding and an output layer of 1,600 float32 each, two layers of a matrix (256) and a norm (16): 3,744. For a
// token a layer keeps 2 heads x (8 + 8) x 2 bytes = 64.
class Planned : public ::testing::Test {
 protected:
  Planned() {
    build_.add("embed_tokens.weight", {100, 16});
    for (const std::string layer : {"layers.0", "layers.1"}) {
      build_.add(layer + ".q_proj.weight", {16, 16});
      build_.add(layer + ".norm.weight", {16});
    }
    build_.add("lm_head.weight", {100, 16});
    CachedLayer layer;
    layer.kind = LayerCache::full;
    layer.heads = 2;
    layer.key_size = layer.value_size = 8;
    CacheConfig& cache = build_.model().config.cache;
    cache.layers.assign(2, layer);
    cache.context = 10;
    cache.element_bytes = 2;
  }

  Plan plan() { return weigh::plan(summarize(build_.model()), options_); }

  // Bytes on the fullest device, by line.
  std::map<std::string, std::uint64_t> on_each() {
    std::map<std::string, std::uint64_t> lines;
    for (const PlanLine& line : plan().lines) lines[line.what] = line.on_each.known();
    return lines;
  }

  std::string failure() {
    try {
      (void)plan();
    } catch (const Error& error) {
      return error.message();
    }
    return "";
  }

  using Lines = std::map<std::string, std::uint64_t>;

  testing::Build build_;
  PlanOptions options_;
};

TEST_F(Planned, ToServe) {
  EXPECT_EQ(on_each(), (Lines{{"weights", 14'976}, {"keys and values", 1'280}}));
  EXPECT_EQ(plan().bytes.known(), 16'256U);
  EXPECT_FALSE(plan().is_exact());  // what operators need is not known
  options_.cache.context = 20;
  options_.cache.batch = 3;
  EXPECT_EQ(on_each().at("keys and values"), 3U * 20 * 128);
}

TEST_F(Planned, WithWeightsInAnotherForm) {
  const std::map<std::string, std::uint64_t> expected = {
      {"float32", 14'976},
      {"bfloat16", 7'488},
      {"float16", 7'488},
      {"float8", 3'744},
      {"int8", 6'400 + 64 + 2 * (256 + 2 * 16)},  // embeddings and norms 16-bit
      {"int4", 6'400 + 64 + 2 * (128 + 5)},       // two groups of a matrix, with 2.5 bytes each
      {"nf4", 6'400 + 64 + 2 * (128 + 4 * 4)},
  };
  EXPECT_EQ(expected.size(), weight_names().size());
  for (const auto& [name, bytes] : expected) {
    options_.weights = name;
    EXPECT_EQ(on_each().at("weights"), bytes) << name;
  }
}

TEST_F(Planned, ToTrain) {
  options_.train = true;
  EXPECT_EQ(on_each(), (Lines{{"weights", 14'976},
                              {"gradients", 14'976},
                              {"optimizer states", 29'952},
                              {"inputs of layers", 2 * 10 * 16 * 4}}));
  options_.precision = Precision::mixed_bf16;
  EXPECT_EQ(on_each().at("copies for autocast"), 2U * (3'200 + 512));
  options_.precision = Precision::true_bf16;
  EXPECT_EQ(on_each(), (Lines{{"weights", 7'488},
                              {"gradients", 7'488},
                              {"optimizer states", 14'976},
                              {"inputs of layers", 2 * 10 * 16 * 2}}));
  options_.master_weights = true;
  EXPECT_EQ(on_each().at("master weights"), 14'976U);
  EXPECT_EQ(on_each().at("optimizer states"), 29'952U);
}

TEST_F(Planned, WithStagesOfZero) {
  options_.train = true;
  options_.data_parallel = 4;
  const std::uint64_t expected[4][3] = {
      {14'976, 14'976, 29'952}, {14'976, 14'976, 7'488}, {14'976, 3'744, 7'488}, {3'744, 3'744, 7'488}};
  for (unsigned stage = 0; stage < 4; ++stage) {
    options_.zero = stage;
    const Lines lines = on_each();
    EXPECT_EQ(lines.at("weights"), expected[stage][0]) << stage;
    EXPECT_EQ(lines.at("gradients"), expected[stage][1]) << stage;
    EXPECT_EQ(lines.at("optimizer states"), expected[stage][2]) << stage;
  }
}

TEST_F(Planned, WithAdapters) {
  options_.train = true;
  options_.lora = Lora{2, {"q_proj"}};
  const std::uint64_t adapters = 2 * 2 * (16 + 16);
  EXPECT_EQ(on_each(), (Lines{{"weights", 14'976},
                              {"adapters", 4 * adapters},
                              {"gradients", 4 * adapters},
                              {"optimizer states", 8 * adapters},
                              {"inputs of layers", 2 * 10 * 16 * 4}}));
  options_.weights = "nf4";
  EXPECT_EQ(on_each().at("weights"), 6'752U);
  options_.lora->targets = {"q_proj", "k_proj"};
  EXPECT_EQ(failure(), "no matrix of the layers is called k_proj");
}

// Each matrix of a pair is looked at alone.
TEST_F(Planned, SmallAdaptersHave32BitStates) {
  build_.add("layers.0.big.weight", {1'024, 1'024});
  options_.train = true;
  options_.optimizer = "adamw8bit";
  options_.lora = Lora{3, {"big"}};  // two matrices of 3,072
  EXPECT_EQ(on_each().at("optimizer states"), 8U * 2 * 3'072);
  options_.lora->rank = 4;  // of 4,096
  EXPECT_EQ(on_each().at("optimizer states"), 2U * 2 * (4'096 + 4 * 16));
}

// Of the base, which is frozen, and of the adapters; a base of 16 bits is not cast.
TEST_F(Planned, AutocastCastsFrozenMatricesToo) {
  options_.train = true;
  options_.precision = Precision::mixed_bf16;
  options_.lora = Lora{2, {"q_proj"}};
  EXPECT_EQ(on_each().at("copies for autocast"), 2U * (3'200 + 512) + 2 * 128);
  options_.weights = "bfloat16";
  EXPECT_EQ(on_each().at("copies for autocast"), 2U * 128);
}

// Of 5 experts the fuller of 2 devices has 3; replicas share what they would hold alike, and here nobody does.
TEST_F(Planned, ExpertsAreWhole) {
  for (const std::string expert : {"0", "1", "2", "3", "4"})
    build_.add("layers.0.experts." + expert + ".up.weight", {4, 4});
  build_.add("layers.1.experts.gate_up_proj", {5, 2, 4});
  options_.train = true;
  options_.data_parallel = 2;
  options_.expert_parallel = 2;
  EXPECT_EQ(on_each().at("weights"), 14'976U + 3 * 64 + 3 * 32);
  options_.zero = 3;
  EXPECT_EQ(on_each().at("weights"), 7'488U + 3 * 64 + 3 * 32);
  options_.data_parallel = 4;
  EXPECT_EQ(on_each().at("weights"), 3'744U + (3 * 64 + 3 * 32) / 2);
  options_.data_parallel = 6;
  options_.expert_parallel = 6;
  EXPECT_EQ(failure(), "expert-parallel 6 needs as many experts, and a layer of the model has 5");
}

TEST_F(Planned, KeysAndValuesThatAreNotKnownAreNamed) {
  build_.model().config = {};
  EXPECT_EQ(plan().not_counted.at(0),
            "keys and values: the model makes no text, or it is not known what its layers keep");
}

TEST_F(Planned, NumbersInAnotherFormAreDerived) {
  EXPECT_EQ(plan().lines[0].evidence, summarize(build_.model()).totals.evidence);
  options_.weights = "int4";
  EXPECT_EQ(plan().lines[0].evidence, Evidence::derived);
}

TEST_F(Planned, SharedAmongDevices) {
  options_.tensor_parallel = 2;
  EXPECT_EQ(on_each(), (Lines{{"weights", 6'400 + 1'024 + 128}, {"keys and values", 640}}));
  options_.tensor_parallel = 4;  // more than heads: each has one
  EXPECT_EQ(on_each().at("keys and values"), 640U);
  options_.tensor_parallel.reset();
  options_.pipeline_parallel = 2;  // a layer and an embedding each
  EXPECT_EQ(on_each(), (Lines{{"weights", 7'488}, {"keys and values", 640}}));
}

// A router, and what makes latent vectors, are on each device: all experts and all heads need them. Of 2 heads each of
// 4 devices has one.
TEST_F(Planned, WhatAllNeedIsNotSplit) {
  options_.tensor_parallel = 4;
  const std::uint64_t before = on_each().at("weights");
  build_.add("layers.0.mlp.gate.weight", {8, 16});
  build_.add("layers.1.kv_a_proj_with_mqa.weight", {4, 16});
  build_.add("layers.1.k_proj.weight", {16, 16});
  EXPECT_EQ(on_each().at("weights"), before + 4 * (128 + 64 + 128));
}

TEST_F(Planned, FitsOrNot) {
  options_.machine = Machine{"20 kB", 20'000, 1};
  Verdict verdict = *plan().verdict;
  EXPECT_TRUE(verdict.fits);
  EXPECT_EQ(verdict.left, 20'000U - 16'256);
  EXPECT_EQ(verdict.devices, 1U);
  EXPECT_EQ(verdict.context, 39U);  // 5,024 bytes are left of the weights, and a token takes 128
  EXPECT_EQ(verdict.batch, 3U);
  options_.machine->bytes = 8'000;
  verdict = *plan().verdict;
  EXPECT_FALSE(verdict.fits);
  EXPECT_EQ(verdict.lacking, 8'256U);
  EXPECT_EQ(verdict.devices, 3U);  // of two, each would hold 7,552 + 640
  EXPECT_EQ(verdict.context, std::nullopt);
  EXPECT_EQ(verdict.batch, std::nullopt);
  options_.machine->bytes = 100;  // norms are on each device
  EXPECT_EQ(plan().verdict->devices, std::nullopt);
}

TEST_F(Planned, ContradictionsAreErrors) {
  const auto with = [&](auto&& change) {
    options_ = {};
    change();
    return failure();
  };
  EXPECT_EQ(
      with([&] { options_.weights = "int5"; }),
      "'int5' is no form of weights that is known; is 'int4' meant? Known are bfloat16, float16, float32, float8, "
      "int4, int8, nf4");
  EXPECT_EQ(with([&] { options_.optimizer = "adamv"; }),
            "'adamv' is no optimizer that is known; is 'adam' meant? Known are adafactor, adagrad, adam, adamw, "
            "adamw8bit, lion, muon, rmsprop, sgd, sgd-momentum");
  EXPECT_EQ(with([&] {
              options_.train = true;
              options_.zero = 4;
            }),
            "ZeRO has stages 0 to 3, and 4 was asked for");
  EXPECT_EQ(
      with([&] { options_.zero = 1; }),
      "precision, optimizer, adapters (lora), ZeRO, master weights and checkpointing are of training, and serving is "
      "planned");
  EXPECT_EQ(with([&] { options_.pipeline_parallel = 3; }),
            "pipeline-parallel 3 needs as many layers, and the model has 2");
  EXPECT_EQ(
      with([&] { options_.expert_parallel = 2; }),
      "expert-parallel 2 needs as many devices for a layer, and there are 1 (data-parallel 1 x tensor-parallel 1)");
  EXPECT_EQ(with([&] { options_.expert_parallel = options_.tensor_parallel.emplace(2); }),
            "expert-parallel 2 needs as many experts, and the model has none");
  EXPECT_EQ(with([&] { options_.cache.batch = 0; }),
            "a batch has at least 1 text, and a text (context) at least 1 token");
  EXPECT_EQ(
      with([&] { options_.precision = Precision::mixed16; }),
      "precision, optimizer, adapters (lora), ZeRO, master weights and checkpointing are of training, and serving "
      "is planned");
  EXPECT_EQ(with([&] {
              options_.train = true;
              options_.cache.element = cache_element("int8");
            }),
            "keys and values are kept while serving, and training is planned");
  EXPECT_EQ(with([&] {
              options_.train = options_.master_weights = true;
              options_.precision = Precision::true_bf16;
              options_.lora = Lora{4};
            }),
            "32-bit copies for the optimizer (master weights) are of 16-bit parameters, and adapters (lora) have 32 "
            "bits");
  EXPECT_EQ(with([&] { options_.tensor_parallel = 0; }), "tensor-parallel is 0: a number of devices from 1 to 1000000");
  EXPECT_EQ(with([&] {
              options_.machine = Machine{"80GB", 80'000'000'000, 8};
              options_.train = true;
              options_.tensor_parallel = 3;
            }),
            "8 devices cannot be shared in tensors and layers by 3: 8 is no multiple of 3");
  EXPECT_EQ(with([&] {
              options_.machine = Machine{"80GB", 80'000'000'000, 8};
              options_.train = true;
              options_.data_parallel = 3;
            }),
            "data-parallel 3 x tensor-parallel 1 x pipeline-parallel 1 is 3 devices, and there are 8");
  EXPECT_EQ(with([&] {
              options_.train = true;
              options_.master_weights = true;
            }),
            "32-bit copies for the optimizer (master weights) are of 16-bit parameters, and with 32-true these have 32 "
            "bits");
}

// As stored, and what is published of keys and values: 70,272 bytes for a token.
TEST(PlanOfAGiant, SharesExpertsAndLatentVectorsAreOnEachDevice) {
  const testing::GiantFolder folder("Kimi-K2-Thinking");
  const Model model = read(folder.path());
  const Summary summary = summarize(model);
  PlanOptions options;
  options.cache.context = 4'096;
  options.machine = machine_from("80GBx8");
  const Plan plan = weigh::plan(summary, options);
  EXPECT_EQ(plan.lines[0].bytes, summary.totals.bytes);
  EXPECT_EQ(plan.lines[1].bytes.known(), 70'272U * 4'096);
  EXPECT_EQ(plan.lines[1].on_each.known(), 70'272U * 4'096);
  EXPECT_TRUE(plan.verdict->fits);
  EXPECT_LT(pieces_of(summary).pieces.size(), 2'500U);  // of 208,276 tensors: experts of a layer are alike
}

}  // namespace
}  // namespace weigh
