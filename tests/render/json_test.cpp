// JSON that is JSON whatever a file says, and exact whatever the numbers are.
#include <string>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/build.h"
#include "render/json_writer.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using Json = nlohmann::json;
using testing::Build;

Json json(const Model& model, const SummaryOptions& options = {}) {
  RenderOptions render_options;
  render_options.format = RenderFormat::json;
  return Json::parse(render(summarize(model, options), render_options));
}

TEST(JsonString, EscapesWhatJsonDoesNotAllow) {
  EXPECT_EQ(json_string("plain"), "\"plain\"");
  EXPECT_EQ(json_string("a\"b\\c"), R"("a\"b\\c")");
  EXPECT_EQ(json_string("a\nb\x1b\x7f"), R"("a\u000ab\u001b\u007f")");
  EXPECT_EQ(json_string("层\u202E"), "\"层\u202E\"");
  EXPECT_EQ(json_string("a\xff"
                        "b"),
            "\"a\uFFFDb\"");
}

TEST(JsonWriter, LaysOutObjectsAndArrays) {
  std::string out;
  JsonWriter writer(out);
  writer.begin_object();
  writer.member("a", std::uint64_t{1});
  writer.key("empty");
  writer.begin_array();
  writer.end_array();
  writer.key("list");
  writer.begin_array();
  writer.begin_object(true);
  writer.member("x", true);
  writer.key("y");
  writer.null();
  writer.end_object();
  writer.value("text");
  writer.end_array();
  writer.end_object();
  EXPECT_EQ(out, R"({
  "a": 1,
  "empty": [],
  "list": [
    {"x": true, "y": null},
    "text"
  ]
})");
}

TEST(Json, KeepsIntegersAbove2To53) {
  Build b;
  b.add("fc.weight", {9'007'199'254'740'993}).dtype = DType::int8;
  const Json text = json(b.model());
  EXPECT_TRUE(text["totals"]["parameters"].is_number_unsigned());
  EXPECT_EQ(text["totals"]["parameters"].get<std::uint64_t>(), 9'007'199'254'740'993U);
  EXPECT_EQ(text["tensors"][0]["shape"][0].get<std::uint64_t>(), 9'007'199'254'740'993U);
}

TEST(Json, HoldsHostileNames) {
  Build b;
  b.model().source = "a\"b\\c\n.pt";
  b.add("fc\x1b\"}.weight", {1});
  const Json text = json(b.model());
  EXPECT_EQ(text["source"], "a\"b\\c\n.pt");
  EXPECT_EQ(text["modules"][0]["path"], "fc\x1b\"}");
  EXPECT_EQ(text["tensors"][0]["path"], "fc\x1b\"}.weight");
}

TEST(Json, SaysNullWhereNothingIsKnown) {
  Build b;
  Tensor& tensor = b.add_lazy("fc.weight", {Extent(8), b.unknown("in", "fc")});
  tensor.dtype = DType::unknown;
  tensor.requires_grad = RequiresGrad::not_recorded;
  const Json text = json(b.model());
  const Json& lazy = text["tensors"][0];
  EXPECT_EQ(lazy["shape"], Json::parse("[8, null]"));
  for (const char* key : {"dtype", "bytes", "requires_grad", "tied_to", "logical_parameters"})
    EXPECT_TRUE(lazy[key].is_null()) << key;
  EXPECT_EQ(lazy["state"], "uninitialized");
  for (const char* key : {"trainable", "non_trainable", "active_parameters", "flops", "flops_exact"})
    EXPECT_TRUE(text["totals"][key].is_null()) << key;
  EXPECT_EQ(text["totals"]["exact"], false);
  EXPECT_EQ(text["totals"]["expression"], "8·in");
  EXPECT_TRUE(text["kind"].is_null());
  EXPECT_TRUE(text["modules"][0]["mode"].is_null());
}

TEST(Json, HasAllModulesUnlessADepthWasGiven) {
  Build b;
  b.add("a.b.weight", {1});
  b.add("c.weight", {1});
  EXPECT_EQ(json(b.model())["modules"].size(), 3U);
  SummaryOptions options;
  options.depth = 1;
  EXPECT_EQ(json(b.model(), options)["modules"].size(), 2U);
  options.depth = 0;
  EXPECT_EQ(json(b.model(), options)["modules"], Json::array());
  EXPECT_EQ(json(b.model(), options)["tensors"].size(), 2U);
}

TEST(Json, HasTheModulesOfFilteredRowsWithTheirOwnDepth) {
  Build b;
  b.add("a.b.weight", {1});
  b.add("c.weight", {1});
  SummaryOptions options;
  options.depth = -1;
  options.filter = "a.b";
  const Json text = json(b.model(), options);
  ASSERT_EQ(text["modules"].size(), 1U);
  EXPECT_EQ(text["modules"][0]["path"], "a.b");
  EXPECT_EQ(text["modules"][0]["depth"], 2);
}

TEST(Json, NamesTiesAndAliases) {
  Build b;
  b.add("a.weight", {4});
  b.add_tied("b.weight", "a.weight");
  b.module("c").alias_of = b.index("a");
  const Json text = json(b.model());
  EXPECT_EQ(text["tensors"][1]["tied_to"], "a.weight");
  EXPECT_EQ(text["modules"][2]["alias_of"], "a");
  EXPECT_EQ(text["totals"]["parameters"], 4);
}

}  // namespace
}  // namespace weigh
