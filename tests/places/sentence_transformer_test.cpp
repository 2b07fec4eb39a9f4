#include "places/sentence_transformer.h"

#include <gtest/gtest.h>

#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

Files chain() {
  return {{"modules.json",
           R"([{"idx": 0, "name": "0", "path": "", "type": "sentence_transformers.models.Transformer"},)"
           R"({"idx": 1, "name": "1", "path": "1_Pooling", "type": "sentence_transformers.models.Pooling"},)"
           R"({"idx": 2, "name": "2", "path": "2_Dense", "type": "sentence_transformers.models.Dense"}])"},
          {"model.safetensors", safetensors("{" + entry("a.weight", "F32", "[3]", "[0,12]") + "}", 12)},
          {"1_Pooling/config.json", "{}"},
          {"2_Dense/model.safetensors", safetensors("{" + entry("linear.weight", "F32", "[2]", "[0,8]") + "}", 8)}};
}

TEST(SentenceTransformer, IsOneModelOfModulesWithWeights) {
  const Model model = read_files(chain(), "");
  EXPECT_EQ(model.format, "sentence-transformers");
  EXPECT_EQ(model.kind, "2 modules with weights");
  EXPECT_EQ(notes_of(model), "");
  EXPECT_EQ(shape_of(model, "0.a.weight"), "[3]");
  EXPECT_EQ(shape_of(model, "2.linear.weight"), "[2]");
  EXPECT_EQ(summarize(model).totals.parameters, Count(5));
}

TEST(SentenceTransformer, OfOneModuleIsThatModel) {
  Files files = chain();
  files.erase("2_Dense/model.safetensors");
  EXPECT_EQ(read_files(files, "").format, "safetensors");
}

TEST(SentenceTransformer, NamesDoNotLeaveTheFolder) {
  Files files = chain();
  files["modules.json"] = R"([{"name": "0", "path": ""}, {"name": "1", "path": "../2_Dense"}])";
  EXPECT_EQ(read_files(files, "").format, "safetensors");
}

TEST(SentenceTransformer, OfModulesThatAreNoListIsAPlainModel) {
  for (const char* text : {"{}", "[1]", "[", "[{\"path\": 3}]"}) {
    Files files = chain();
    files["modules.json"] = text;
    EXPECT_EQ(read_files(files, "").format, "safetensors") << text;
  }
}

}  // namespace
}  // namespace weigh::testing
