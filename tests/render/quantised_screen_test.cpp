// What the table says of a small mixture of experts whose experts are packed: two layers of four experts, of which a
// token uses two.
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/render.h"

namespace weigh {
namespace {

testing::Build mixture() {
  testing::Build build;
  const auto add = [&](const std::string& path, DType dtype, const std::vector<std::uint64_t>& sizes) {
    Tensor& tensor = build.add(path, sizes);
    tensor.dtype = dtype;
    tensor.role = can_be_parameter(dtype) ? Role::parameter : Role::buffer;
    tensor.role_evidence = Evidence::assumed;
    tensor.requires_grad = RequiresGrad::not_recorded;
  };
  add("embed_tokens.weight", DType::bfloat16, {100, 64});
  for (const std::string layer : {"layers.0.", "layers.1."}) {
    add(layer + "gate.weight", DType::bfloat16, {4, 64});
    for (const std::string expert : {"0", "1", "2", "3"}) {
      add(layer + "experts." + expert + ".up.weight_packed", DType::int32, {32, 8});
      add(layer + "experts." + expert + ".up.weight_scale", DType::bfloat16, {32, 2});
    }
  }
  Config& config = build.model().config;
  config.quantization.bits = 4;
  config.experts = {{4}, 2, 1};
  config.cache.layers.assign(
      2, {.kind = LayerCache::full, .keeps_state = false, .heads = 1, .key_size = 64, .value_size = 64});
  config.cache.context = 1'000;
  config.cache.element_bytes = 2;
  build.model().source = "mixture";
  build.model().format = "safetensors";
  return build;
}

TEST(QuantisedScreen, TellsWhatIsActiveAndHowManyBitsAWeightTakes) {
  testing::Build build = mixture();
  EXPECT_EQ(render(summarize(build.model())),
            "mixture · safetensors · 19 tensors\n"
            "\n"
            "  Name             Params   Active   Buffers      Size    Bits   Dtypes\n"
            "  embed_tokens      6,400    6,400         0   12.8 kB   16.00   bf16\n"
            "  layers.0…1  ×2   16.9 K    8,704       512   10.2 kB    4.85   int4, bf16\n"
            "\n"
            "  23.30 K parameters · 512 in buffers (by name and dtype) · 23.04 kB\n"
            "  15.10 K active for a token (2 of 4 experts, 1 shared)\n"
            "  7.91 bits per parameter · 1.02 kB of it scales\n"
            "  bfloat16 7,424 (14.8 kB) · int4 16.4 K (8.19 kB)\n"
            "  keys and values: 512 B for a token, 512 kB for 1,000 tokens\n");
}

TEST(QuantisedScreen, SaysNothingOfActiveParametersWhereTheTensorsContradictTheConfiguration) {
  testing::Build build = mixture();
  build.model().config.experts.pools = {8};
  const std::string text = render(summarize(build.model()));
  EXPECT_EQ(text.find("ctive"), std::string::npos) << text;
}

TEST(QuantisedScreen, TellsWhatATokenDoesNotPass) {
  testing::Build build;
  build.add("embed_tokens.weight", {10, 4});
  for (const char* tower : {"visual", "vpm", "apm", "resampler"}) build.add(std::string(tower) + ".weight", {5, 5});
  build.add("mtp.weight", {4, 4});
  const std::string text = render(summarize(build.model()));
  EXPECT_NE(text.find("\n  100 of it for images and sounds: visual, vpm, apm and 1 more\n"
                      "  16 of it to predict further tokens: mtp\n"),
            std::string::npos)
      << text;
}

}  // namespace
}  // namespace weigh
