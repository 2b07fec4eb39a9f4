// The layouts as the libraries' documentation defines them, for a layer of 64 rows and 128 columns and groups of 32.
// tests/formats/quantized_test.cpp reads files that the libraries wrote.
#include "analysis/quantized.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

namespace weigh {
namespace {

using testing::Build;

constexpr std::uint64_t kRows = 64;
constexpr std::uint64_t kColumns = 128;
constexpr std::uint64_t kGroups = 4;

class Layer {
 public:
  Layer& with(const std::string& name, DType dtype, const std::vector<std::uint64_t>& sizes) {
    Tensor& tensor = build_.add("fc." + name, sizes);
    tensor.dtype = dtype;
    tensor.role = can_be_parameter(dtype) ? Role::parameter : Role::buffer;
    tensor.role_evidence = Evidence::assumed;
    tensor.requires_grad = RequiresGrad::not_recorded;
    tensor.stored_bytes = build_.model().bytes(tensor).known();
    return *this;
  }
  Layer& config(unsigned bits, std::uint64_t group_size = 0) {
    build_.model().config.quantization.bits = bits;
    build_.model().config.quantization.group_size = group_size;
    return *this;
  }
  Layer& config(const QuantizationConfig& config) {
    build_.model().config.quantization = config;
    return *this;
  }
  // "int4 8192, 3 of overhead" for the first packed tensor and all that belongs to it.
  std::string found() {
    const QuantizedWeights found = find_quantized(build_.model());
    std::string text = "nothing";
    int overhead = 0;
    for (std::size_t i = 0; i < found.parts.size(); ++i) {
      overhead += found.parts[i] == Part::overhead;
      if (found.parts[i] != Part::packed) continue;
      const bool is_known = found.logical[i] != QuantizedWeights::kUnknown;
      const DType dtype = build_.model().tensors[i].dtype;
      const std::string_view plain = dtype == DType::int8 ? "int8" : short_name(dtype);
      text = std::string(found.schemes[i] == Scheme::none ? plain : name(found.schemes[i])) + " " +
             (is_known ? std::to_string(found.logical[i]) : "?");
    }
    return text + ", " + std::to_string(overhead) + " of overhead";
  }
  Tally tally() { return summarize(build_.model()).tallies[0]; }

 private:
  Build build_;
};

Layer compressed_tensors() {
  Layer layer;
  layer.with("weight_packed", DType::int32, {kRows, kColumns / 8})
      .with("weight_scale", DType::bfloat16, {kRows, kGroups})
      .with("weight_shape", DType::int64, {2});
  return layer;
}

TEST(Quantized, BelievesAGraphRatherThanNames) {
  Build build;
  build.add("fc.weight", {kRows, kColumns / 2}).dtype = DType::uint8;
  build.add("fc.weight_scale", {kRows});
  build.add("fc.offset", {kRows});
  build.model().quantized = {{0, Part::packed, Scheme::int4, kRows * kColumns}, {2}};
  const QuantizedWeights found = find_quantized(build.model());
  EXPECT_EQ(found.parts, (std::vector{Part::packed, Part::plain, Part::overhead}));
  EXPECT_EQ(found.logical[0], kRows * kColumns);
}

TEST(Quantized, FindsCompressedTensors) {
  EXPECT_EQ(compressed_tensors().config(4).found(), "int4 8192, 2 of overhead");
  EXPECT_EQ(compressed_tensors().config(0, 32).found(), "int4 8192, 2 of overhead");
}

TEST(Quantized, CountsALowerBoundWhereNobodyTellsTheWidth) {
  Layer layer = compressed_tensors();
  EXPECT_EQ(layer.found(), "packed ?, 2 of overhead");
  EXPECT_FALSE(layer.tally().is_exact());
  EXPECT_EQ(layer.tally().parameters.known(), kRows * kColumns / 8);
}

TEST(Quantized, CountsPackedWeightsAsParametersAndScalesAsBuffers) {
  const Tally tally = compressed_tensors().config(4).tally();
  EXPECT_EQ(tally.parameters, Count(kRows * kColumns));
  EXPECT_EQ(tally.buffers, Count(kRows * kGroups + 2));
  EXPECT_EQ(tally.bytes, Count(kRows * kColumns / 2 + kRows * kGroups * 2 + 2 * 8));
}

TEST(Quantized, FindsGptqByItsShapesAlone) {
  for (unsigned bits : {2U, 3U, 4U, 8U}) {
    const std::string width = std::to_string(bits);
    Layer layer;
    layer
        .config(5)  // the tensors win
        .with("qweight", DType::int32, {kColumns * bits / 32, kRows})
        .with("qzeros", DType::int32, {kGroups, kRows * bits / 32})
        .with("scales", DType::float16, {kGroups, kRows})
        .with("g_idx", DType::int32, {kColumns});
    EXPECT_EQ(layer.found(), "int" + width + " 8192, 3 of overhead");
  }
}

TEST(Quantized, FindsAwqByItsShapesAlone) {
  Layer layer;
  layer.with("qweight", DType::int32, {kColumns, kRows / 8})
      .with("qzeros", DType::int32, {kGroups, kRows / 8})
      .with("scales", DType::float16, {kGroups, kRows});
  EXPECT_EQ(layer.found(), "int4 8192, 2 of overhead");
}

TEST(Quantized, FindsBitsandbytes) {
  Layer nf4;
  nf4.with("weight", DType::uint8, {kRows * kColumns / 2, 1})
      .with("weight.absmax", DType::uint8, {128})
      .with("weight.quant_map", DType::float32, {16})
      .with("weight.nested_absmax", DType::float32, {1})
      .with("weight.nested_quant_map", DType::float32, {256})
      .with("weight.quant_state.bitsandbytes__nf4", DType::uint8, {90});
  EXPECT_EQ(nf4.found(), "nf4 8192, 5 of overhead");
  Layer int8;
  int8.with("weight", DType::int8, {kRows, kColumns})
      .with("SCB", DType::float32, {kRows})
      .with("weight_format", DType::uint8, {1});
  EXPECT_EQ(int8.found(), "int8 8192, 2 of overhead");
}

TEST(Quantized, FindsFloat8) {
  Layer layer;
  layer.with("weight", DType::float8_e4m3fn, {kRows, kColumns}).with("weight_scale_inv", DType::float32, {1, 1});
  EXPECT_EQ(layer.found(), "f8_e4m3 8192, 1 of overhead");
}

TEST(Quantized, FindsFloat4) {
  Layer nvfp4;
  nvfp4.with("weight", DType::uint8, {kRows, kColumns / 2})
      .with("weight_scale", DType::float8_e4m3fn, {kRows, kColumns / 16})
      .with("weight_scale_2", DType::float32, {1})
      .with("input_scale", DType::float32, {1});
  EXPECT_EQ(nvfp4.found(), "nvfp4 8192, 3 of overhead");
  Layer mxfp4;
  mxfp4.with("down_proj_blocks", DType::uint8, {kRows, kColumns / 32, 16})
      .with("down_proj_scales", DType::uint8, {kRows, kColumns / 32})
      .with("down_proj_bias", DType::bfloat16, {kRows});
  EXPECT_EQ(mxfp4.found(), "mxfp4 8192, 1 of overhead");
}

TEST(Quantized, FindsHqqMlxAndTorchao) {
  Layer hqq;
  hqq.config(4)
      .with("W_q", DType::uint8, {kRows * kGroups / 2, 32})
      .with("scale", DType::float16, {kRows * kGroups, 1})
      .with("zero", DType::float16, {kRows * kGroups, 1})
      .with("nbits", DType::int32, {1});
  EXPECT_EQ(hqq.found(), "int4 8192, 3 of overhead");
  Layer mlx;
  mlx.config(4, 32)
      .with("weight", DType::uint32, {kRows, kColumns / 8})
      .with("scales", DType::bfloat16, {kRows, kGroups})
      .with("biases", DType::bfloat16, {kRows, kGroups});
  EXPECT_EQ(mlx.found(), "int4 8192, 2 of overhead");
  Layer torchao;
  torchao.with("weight_qdata", DType::uint8, {kRows, kColumns / 2})
      .with("weight_scale", DType::bfloat16, {kGroups, kRows})
      .with("weight_zero_point", DType::bfloat16, {kGroups, kRows});
  EXPECT_EQ(torchao.found(), "int4 8192, 2 of overhead");
}

TEST(Quantized, CountsBytesByTheirScales) {
  const auto bytes = [](std::uint64_t columns, DType scale, std::uint64_t scales) {
    Layer layer;
    layer.with("weight_packed", DType::uint8, {kRows, columns}).with("weight_scale", scale, {kRows, scales});
    return layer;
  };
  EXPECT_EQ(bytes(64, DType::float8_e4m3fn, 8).found(), "nvfp4 8192, 1 of overhead");
  EXPECT_EQ(bytes(64, DType::uint8, 4).found(), "mxfp4 8192, 1 of overhead");
  EXPECT_EQ(bytes(96, DType::uint8, 4).found(), "mxfp6 8192, 1 of overhead");
  EXPECT_EQ(bytes(64, DType::float32, 1).found(), "packed ?, 1 of overhead") << "no library's";
}

TEST(Quantized, TakesBytesBesideOneScaleForWeightsOnlyIfToldSo) {
  const auto layer = [] {
    Layer layer;
    layer.with("weight", DType::uint8, {kRows / 4, kColumns}).with("weight_scale", DType::bfloat16, {1});
    return layer;
  };
  EXPECT_EQ(layer().found(), "packed ?, 1 of overhead");
  EXPECT_EQ(layer().config(2).found(), "int2 8192, 1 of overhead");
  EXPECT_EQ(layer().config({{}, "bitnet", {}, {}}).found(), "int2 8192, 1 of overhead");
}

TEST(Quantized, LooksForTheLayersOwnPacking) {
  const auto layer = [](unsigned bits) {
    Layer layer;
    layer.with("weight", DType::uint32, {kRows, kColumns * bits / 32})
        .with("scales", DType::bfloat16, {kRows, kGroups})
        .with("biases", DType::bfloat16, {kRows, kGroups});
    return layer;
  };
  const QuantizationConfig four = {{4, 32}, "", {}, {}};
  QuantizationConfig told = four;
  told.layers = {{"fc", {8, 32}}, {"other", {2, 32}}};
  EXPECT_EQ(layer(8).config(told).found(), "int8 8192, 2 of overhead");
  EXPECT_EQ(layer(8).config(four).found(), "packed ?, 2 of overhead") << "the configuration tells of another layer";
}

TEST(Quantized, TakesOfSeveralPackingsTheOneThatFits) {
  const auto layer = [](unsigned bits, std::uint64_t scales) {
    Layer layer;
    layer.with("weight_packed", DType::int32, {kRows, kColumns * bits / 32})
        .with("weight_scale", DType::bfloat16, {kRows, scales});
    return layer;
  };
  const QuantizationConfig config = {{0, 32}, "", {{4, 32}, {8, 0}}, {}};
  EXPECT_EQ(layer(4, kGroups).config(config).found(), "int4 8192, 1 of overhead");
  EXPECT_EQ(layer(8, 1).config(config).found(), "int8 8192, 1 of overhead");
  EXPECT_EQ(layer(8, kGroups).config(config).found(), "packed ?, 1 of overhead");
  const QuantizationConfig either = {{0, 0}, "", {{4, 0}, {8, 0}}, {}};
  EXPECT_EQ(layer(8, 1).config(either).found(), "packed ?, 1 of overhead") << "both fit";
}

TEST(Quantized, FillsTheLastWordAndTheLastGroup) {
  const auto found = [](std::uint64_t words, std::uint64_t scales, std::uint64_t group) {
    Layer layer;
    layer.config(3, group)
        .with("weight_packed", DType::int32, {1, words})
        .with("weight_scale", DType::bfloat16, {1, scales});
    return layer.found();
  };
  EXPECT_EQ(found(10, 5, 20), "int3 100, 1 of overhead") << "320 bits, 106 weights at most";
  EXPECT_EQ(found(9, 5, 20), "int3 96, 1 of overhead") << "the last group is smaller";
  EXPECT_EQ(found(7, 5, 20), "packed ?, 1 of overhead");
  EXPECT_EQ(found(10, 1U << 30, std::uint64_t{1} << 60), "packed ?, 1 of overhead");
}

TEST(Quantized, FindsAwqForVectors) {
  Layer layer;
  layer.with("qweight", DType::int32, {kRows, kColumns / 8})
      .with("qzeros", DType::int32, {kRows, 4})
      .with("scales", DType::float16, {kRows, 32});
  EXPECT_EQ(layer.found(), "int4 8192, 2 of overhead");
}

TEST(Quantized, FindsTorchaosNamesWithColons) {
  Layer layer;
  layer.with("weight:qdata", DType::int8, {kRows, kColumns})
      .with("weight:scale", DType::float32, {kRows, 1})
      .with("weight:zero_point", DType::int8, {kRows, 1});
  EXPECT_EQ(layer.found(), "int8 8192, 2 of overhead");
}

TEST(Quantized, FindsTorchaosWords) {
  Layer layer;
  layer.with("weight_qdata", DType::int32, {kRows, kColumns / 8})
      .with("weight_scale", DType::bfloat16, {kGroups, kRows});
  EXPECT_EQ(layer.found(), "int4 8192, 1 of overhead");
  Layer tiles;
  tiles.with("weight_qdata", DType::int32, {kRows / 8, 1, 32, 4});
  EXPECT_EQ(tiles.found(), "int4 ?, 0 of overhead") << "rows and columns that fill tiles up are no weights";
}

// Nobody recorded a kind: it is told that there are two in a byte.
TEST(Quantized, FindsBitsandbytesWithoutItsState) {
  Layer layer;
  layer.with("weight", DType::uint8, {kRows * kColumns / 2, 1})
      .with("weight.absmax", DType::float32, {128})
      .with("weight.quant_map", DType::float32, {16});
  EXPECT_EQ(layer.found(), "4-bit 8192, 2 of overhead");
}

TEST(Quantized, FindsFloat4OfFpQuant) {
  Layer layer;
  layer.with("qweight", DType::uint8, {kRows, kColumns / 2})
      .with("scales", DType::uint8, {kRows, kColumns / 16})
      .with("weight_global_scale", DType::float32, {1})
      .with("act_global_scale", DType::float32, {1});
  EXPECT_EQ(layer.found(), "nvfp4 8192, 3 of overhead");
}

TEST(Quantized, FindsFloat4OfSvdQuant) {
  Layer layer;
  layer.with("qweight", DType::int8, {kRows, kColumns / 2})
      .with("wscales", DType::float8_e4m3fn, {kColumns / 16, kRows})
      .with("wcscales", DType::bfloat16, {kRows})
      .with("wtscale", DType::float32, {1})
      .with("smooth_factor", DType::bfloat16, {kColumns})
      .with("proj_down", DType::bfloat16, {kColumns, 16})
      .with("proj_up", DType::bfloat16, {kRows, 16});
  EXPECT_EQ(layer.found(), "nvfp4 8192, 4 of overhead") << "low rank is parameters";
}

TEST(Quantized, FindsAwqOfNunchaku) {
  Layer layer;
  layer.with("qweight", DType::int32, {kRows / 4, kColumns / 2})
      .with("wscales", DType::bfloat16, {kColumns / 64, kRows})
      .with("wzeros", DType::bfloat16, {kColumns / 64, kRows});
  EXPECT_EQ(layer.found(), "int4 8192, 2 of overhead");
}

TEST(Quantized, FindsBytesWithBytesOfScale) {
  const auto layer = [](std::uint64_t scales) {
    Layer layer;
    layer.with("weight", DType::int8, {kRows, kColumns}).with("scale", DType::float8_e8m0fnu, {kRows, scales});
    return layer.found();
  };
  EXPECT_EQ(layer(kColumns / 32), "int8 8192, 1 of overhead");
  EXPECT_EQ(layer(kColumns / 16), "mxfp4 16384, 1 of overhead") << "two in a byte";
  EXPECT_EQ(layer(7), "packed ?, 1 of overhead") << "neither";
}

// The shapes are those of keras/src/layers/core of Keras 3.15.
TEST(Quantized, FindsVariablesOfKeras) {
  Layer channels;
  channels.with("kernel", DType::int8, {kColumns, kRows / 2}).with("kernel_scale", DType::float32, {kRows});
  EXPECT_EQ(channels.found(), "int4 8192, 1 of overhead");
  Layer bytes;
  bytes.with("kernel", DType::int8, {kColumns, kRows}).with("kernel_scale", DType::float32, {kRows});
  EXPECT_EQ(bytes.found(), "int8 8192, 1 of overhead");
  const auto embedding = [](const std::string& method) {
    Layer layer;
    layer.config({{}, method, {}, {}})
        .with("embeddings", DType::int8, {kRows, kColumns / 2})
        .with("embeddings_scale", DType::float32, {kRows});
    return layer.found();
  };
  EXPECT_EQ(embedding("int4"), "int4 8192, 1 of overhead");
  EXPECT_EQ(embedding("int8"), "int8 4096, 1 of overhead");
  Layer awq;
  awq.with("quantized_kernel", DType::uint8, {kRows / 2, kColumns})
      .with("kernel_scale", DType::float32, {kRows, kGroups})
      .with("kernel_zero", DType::uint8, {kRows, kGroups})
      .with("awq_scales", DType::float32, {kColumns})
      .with("g_idx", DType::float32, {kColumns});
  EXPECT_EQ(awq.found(), "int4 8192, 4 of overhead");
}

TEST(Quantized, IsABoundForSpqr) {
  Layer layer;
  layer.with("dense_weights", DType::int64, {512}).with("in_perm", DType::int16, {kColumns});
  EXPECT_EQ(layer.found(), "packed ?, 0 of overhead");
}

TEST(Quantized, FindsScalesWhateverStandsBetweenTheNames) {
  for (const char* scale : {"weight_scale", "scale", "scales", "scale_weight", "weight.scale", "weight_scale_inv"}) {
    Layer layer;
    layer.with("weight", DType::int8, {kRows, kColumns}).with(scale, DType::float32, {kRows, 1});
    EXPECT_EQ(layer.found(), "int8 8192, 1 of overhead") << scale;
  }
}

TEST(Quantized, AsksTheTargetsOfGroups) {
  const auto layer = [](const std::string& target) {
    Layer layer;
    QuantizationConfig config = {{}, "", {{2, 0}, {4, 0}}, {}, {{target, {4, 0}}}};
    layer.config(config)
        .with("weight_packed", DType::int32, {kRows, kColumns / 8})
        .with("weight_scale", DType::bfloat16, {kRows, 1});
    return layer.found();
  };
  EXPECT_EQ(layer("Linear"), "int4 8192, 1 of overhead");
  EXPECT_EQ(layer("fc"), "int4 8192, 1 of overhead");
  EXPECT_EQ(layer("re:f."), "int4 8192, 1 of overhead");
  EXPECT_EQ(layer("re:.*attn"), "packed ?, 1 of overhead");
  EXPECT_EQ(layer("Embedding"), "packed ?, 1 of overhead");
}

// Extents alone solve the one; of the other the configuration says how many bits.
TEST(Quantized, TellsTheLayoutAndItsEvidence) {
  Build build;
  const auto add = [&](const std::string& name, DType dtype, const std::vector<std::uint64_t>& sizes) {
    Tensor& tensor = build.add(name, sizes);
    tensor.dtype = dtype;
    tensor.role_evidence = Evidence::assumed;
  };
  add("a.qweight", DType::int32, {kColumns / 8, kRows});
  add("a.scales", DType::float16, {kGroups, kRows});
  add("a.g_idx", DType::int32, {kColumns});
  add("b.weight_packed", DType::int32, {kRows, kColumns / 8});
  add("b.weight_scale", DType::bfloat16, {kRows, kGroups});
  build.model().config.quantization.bits = 4;
  const QuantizedWeights found = find_quantized(build.model());
  EXPECT_EQ(layout_of(found.layouts[0]).name, "GPTQ");
  EXPECT_EQ(found.evidence[0], Evidence::derived);
  EXPECT_EQ(layout_of(found.layouts[3]).name, "pack-quantized");
  EXPECT_EQ(found.evidence[3], Evidence::by_convention);
  EXPECT_EQ(layout_of(0).name, "");
}

TEST(Quantized, CountsScalesOfKeysAndValuesAsOverhead) {
  Layer layer = compressed_tensors();
  layer.config(4).with("k_scale", DType::bfloat16, {1}).with("v_scale", DType::bfloat16, {1});
  EXPECT_EQ(layer.found(), "int4 8192, 4 of overhead");
}

TEST(Quantized, LeavesOrdinaryIntegersAlone) {
  Layer layer;
  layer.with("weight", DType::float32, {kRows, kColumns})
      .with("weight_scale", DType::float32, {1})
      .with("position_ids", DType::int64, {1, 512});
  EXPECT_EQ(layer.found(), "nothing, 0 of overhead");
}

}  // namespace
}  // namespace weigh
