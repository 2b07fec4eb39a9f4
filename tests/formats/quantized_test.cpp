// Quantised models as their libraries write them: weights are counted as before they were packed.
#include <algorithm>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

using nlohmann::json;

// Weights of each packed tensor.
json packed_of(const Summary& summary) {
  json packed = json::object();
  const QuantizedWeights& found = summary.quantized;
  for (std::size_t i = 0; i < found.parts.size(); ++i)
    if (found.parts[i] == Part::packed) packed[summary.model->path_of(summary.model->tensors[i])] = found.logical[i];
  return packed;
}

// What the table names packed elements: "int4", or a dtype where an element is a weight.
std::string schemes_of(const Summary& summary) {
  const QuantizedWeights& found = summary.quantized;
  std::map<std::string, int> schemes;
  for (std::size_t i = 0; i < found.parts.size(); ++i) {
    if (found.parts[i] != Part::packed) continue;
    const DType dtype = summary.model->tensors[i].dtype;
    ++schemes[std::string(found.schemes[i] == Scheme::none ? name(dtype) : name(found.schemes[i]))];
  }
  std::string text;
  for (const auto& [scheme, count] : schemes) text += (text.empty() ? "" : " ") + scheme;
  return text;
}

TEST(QuantizedFiles, CountTheWeightsOfTheModelBefore) {
  const json all = expected("quantized");
  ASSERT_FALSE(all.empty());
  for (const auto& [name, entry] : all.items()) {
    SCOPED_TRACE(name);
    const Model model = read(data_path("quantized/" + name));
    const Summary summary = summarize(model);
    const Totals& totals = summary.totals;
    EXPECT_EQ(schemes_of(summary), entry["scheme"].get<std::string>());
    EXPECT_EQ(totals.bytes, Count(entry["bytes"].get<std::uint64_t>()));
    EXPECT_EQ(totals.overhead_bytes, entry["overhead_bytes"].get<std::uint64_t>());
    EXPECT_EQ(notes_of(model), "");
    const bool is_told = entry.value("told", true);
    EXPECT_EQ(totals.is_exact(), is_told);
    const std::uint64_t parameters = entry["parameters"];
    if (!is_told) {
      EXPECT_LT(totals.parameters.known(), parameters) << "a lower bound";
      continue;
    }
    EXPECT_EQ(packed_of(summary), entry["packed"]);
    EXPECT_EQ(totals.parameters, Count(parameters));
  }
}

// torchao's metadata has a member for each tensor.
TEST(QuantizedFiles, WhatIsSaidOfATensorIsNoFactOfTheModel) {
  const Model model = read(data_path("quantized/torchao_int8"));
  for (const auto& [key, value] : model.metadata) EXPECT_EQ(find(model, key), nullptr) << key;
}

TEST(QuantizedFiles, OfAlikeLayersFold) {
  for (const char* name : {"bitsandbytes_nf4_double", "compressed_int4", "hqq_pickle"}) {
    SCOPED_TRACE(name);
    const Model model = read(data_path(std::string("quantized/") + name));
    const Summary summary = summarize(model, {.depth = 2});
    EXPECT_TRUE(std::any_of(summary.rows.begin(), summary.rows.end(), [](const Row& row) { return row.repeat == 2; }));
  }
}

// Earlier versions of ModelOpt wrote no quantization_config: the same facts stand in a file of their own.
TEST(QuantizedFiles, OfModelOptMayTellItInAFileOfItsOwn) {
  json config = json::parse(file("quantized/modelopt_int4/config.json"));
  config.erase("quantization_config");
  Files files = {{"model.safetensors", file("quantized/modelopt_int4/model.safetensors")},
                 {"config.json", config.dump()}};
  EXPECT_EQ(summarize(read_files(files, "")).totals.parameters,
            Count(expected("quantized")["modelopt_int4"]["parameters"].get<std::uint64_t>()));  // extents tell it
  files["hf_quant_config.json"] = file("quantized_apart/hf_quant_config.json");
  const Model model = read_files(files, "");
  EXPECT_EQ(schemes_of(summarize(model)), "int4");
  EXPECT_EQ(summarize(model).totals.parameters,
            Count(expected("quantized")["modelopt_int4"]["parameters"].get<std::uint64_t>()));
  EXPECT_EQ(notes_of(model), "");
  files["hf_quant_config.json"] = "{";
  EXPECT_EQ(notes_of(read_files(files, "")),
            "config hf_quant_config.json: the JSON text of 1 bytes is malformed: an "
            "array or object has no end\n");
}

TEST(QuantizedFiles, SayWhereAWidthIsNotTold) {
  for (const char* name : {"hqq_int4_axis0", "mlx_unknown"}) {
    const Model model = read(data_path(std::string("quantized/") + name));
    EXPECT_TRUE(summarize(model).totals.schemes.contains(Scheme::not_told)) << name;
  }
}

}  // namespace
}  // namespace weigh::testing
