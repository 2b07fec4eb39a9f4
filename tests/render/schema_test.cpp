// The JSON of real files against docs/json.schema.json, and the example in docs/json.md against real output.
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <valijson/adapters/nlohmann_json_adapter.hpp>
#include <valijson/schema.hpp>
#include <valijson/schema_parser.hpp>
#include <valijson/validation_results.hpp>
#include <valijson/validator.hpp>

#include "render/golden.h"
#include "support/files.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using Json = nlohmann::json;
using Adapter = valijson::adapters::NlohmannJsonAdapter;

struct Parsed : valijson::Schema {
  Parsed() {
    const Json text = Json::parse(testing::read_file(WEIGH_SOURCE "/docs/json.schema.json"));
    valijson::SchemaParser().populateSchema(Adapter(text), *this);
  }
};

// What the schema has against a text; "" where it is valid.
std::string complaints(const Json& document) {
  static const Parsed schema;
  valijson::ValidationResults results;
  if (valijson::Validator().validate(schema, Adapter(document), &results)) return "";
  std::string text = "not valid:";
  for (valijson::ValidationResults::Error error; results.popError(error);) {
    text += "\n";
    for (const std::string& step : error.context) text += step;
    text += " " + error.description;
  }
  return text;
}

std::string json_of(const std::string& name, const SummaryOptions& options = {}) {
  const Model model = testing::read_bare(name);
  RenderOptions json;
  json.format = RenderFormat::json;
  return render(summarize(model, options), json);
}

// Every file and every folder of shards that is no hostile one.
std::vector<std::string> fixtures() {
  std::vector<std::string> names;
  for (const std::string folder : {"lightning", "pytorch", "safetensors"}) {
    for (const std::string& name : testing::files_below(folder)) {
      const std::string ending = std::filesystem::path(name).extension();
      if (ending == ".pt" || ending == ".ckpt" || ending == ".pth" || ending == ".safetensors") names.push_back(name);
    }
  }
  for (const char* name : {"sharded", "missing_shard", "index_only", "single_with_config", "sharded_no_index"})
    names.push_back(std::string("safetensors/") + name);
  return names;
}

TEST(Schema, HoldsForTheJsonOfEveryFixture) {
  std::size_t validated = 0;
  for (const std::string& name : fixtures()) {
    SCOPED_TRACE(name);
    std::string text;
    try {
      text = json_of(name);
    } catch (const Error&) {  // what cannot be read is the readers' tests' concern
      continue;
    }
    EXPECT_EQ(complaints(Json::parse(text)), "");
    ++validated;
  }
  EXPECT_GE(validated, 100U);
}

TEST(Schema, HoldsForEveryDepthAndSelection) {
  SummaryOptions depth, filtered, top;
  depth.depth = 0;
  filtered.filter = "conv";
  top.top = 1;
  for (const SummaryOptions& options : {depth, filtered, top})
    EXPECT_EQ(complaints(Json::parse(json_of("pytorch/gat_module_before.pt", options))), "");
}

TEST(Schema, HoldsForSeveralFilesInAnArray) {
  const Json one = Json::parse(json_of("pytorch/gat_module_before.pt"));
  EXPECT_EQ(complaints(Json::array({one, one})), "");
  EXPECT_NE(complaints(Json::array({one, 3})), "");
  EXPECT_NE(complaints(Json::array()), "");
}

TEST(Schema, HoldsForCountsAbove2To53) {
  Json one = Json::parse(json_of("pytorch/gat_module_before.pt"));
  one["totals"]["parameters"] = std::uint64_t{9'007'199'254'740'993};
  EXPECT_EQ(complaints(one), "");
}

// Every member must be there, and no other.
TEST(Schema, FailsForARemovedOrAnUnknownMember) {
  const Json whole = Json::parse(json_of("pytorch/gat_module_before.pt"));
  const auto check = [&](const Json::json_pointer& place) {
    for (const auto& [member, value] : whole.at(place).items()) {
      Json without = whole;
      without.at(place).erase(member);
      EXPECT_NE(complaints(without), "") << place << " without " << member;
    }
    Json more = whole;
    more.at(place)["surprise"] = 1;
    EXPECT_NE(complaints(more), "") << place;
  };
  for (const char* place : {"", "/totals", "/dtypes/0", "/sections/0", "/modules/0", "/tensors/0", "/notes/0"})
    check(Json::json_pointer(place));
}

TEST(Schema, FailsForAWrongType) {
  const Json whole = Json::parse(json_of("pytorch/gat_module_before.pt"));
  const std::vector<std::pair<const char*, Json>> wrong = {
      {"/schema", 2},
      {"/totals/parameters", "50"},
      {"/totals/parameters", -1},
      {"/totals/parameters", 50.5},
      {"/totals/parameters", nullptr},
      {"/totals/exact", "false"},
      {"/modules/0/mode", "training"},
      {"/modules/0/depth", 0},
      {"/tensors/0/shape", "[8]"},
      {"/tensors/0/shape/0", "8"},
      {"/tensors/0/state", "lazy"},
      {"/tensors/0/tied_to", 3},
      {"/notes/0/code", "Not A Code"},
      {"/modules", Json::object()},
  };
  for (const auto& [place, value] : wrong) {
    Json changed = whole;
    changed.at(Json::json_pointer(place)) = value;
    EXPECT_NE(complaints(changed), "") << place << " = " << value;
  }
}

TEST(Schema, DescribesEveryMember) {
  const std::function<void(const Json&, const std::string&)> look = [&](const Json& node, const std::string& place) {
    if (node.contains("properties")) {
      EXPECT_EQ(node.value("additionalProperties", true), false) << place;
      EXPECT_EQ(node["required"].size(), node["properties"].size()) << place;
      for (const auto& [name, member] : node["properties"].items()) {
        EXPECT_NE(member.value("description", ""), "") << place << "/" << name;
        look(member, place + "/" + name);
      }
    }
    if (node.contains("items")) look(node["items"], place + "/items");
  };
  const Json schema = Json::parse(testing::read_file(WEIGH_SOURCE "/docs/json.schema.json"));
  look(schema["definitions"]["model"], "");
}

TEST(JsonDocument, ShowsRealOutput) {
  const std::string text = testing::read_file(WEIGH_SOURCE "/docs/json.md");
  const std::string fence = "```json\n";
  const std::size_t begin = text.find(fence);
  ASSERT_NE(begin, std::string::npos);
  const std::size_t end = text.find("```\n", begin + fence.size());
  ASSERT_NE(end, std::string::npos);
  EXPECT_EQ(text.substr(begin + fence.size(), end - begin - fence.size()), json_of("pytorch/gat_module_before.pt"));
}

TEST(JsonDocument, NamesEveryMember) {
  const std::string text = testing::read_file(WEIGH_SOURCE "/docs/json.md");
  const Json whole = Json::parse(json_of("pytorch/gat_module_before.pt"));
  for (const char* place : {"", "/totals", "/modules/0", "/tensors/0"})
    for (const auto& [member, value] : whole.at(Json::json_pointer(place)).items())
      EXPECT_NE(text.find("| `" + member + "` |"), std::string::npos) << member;
}

}  // namespace
}  // namespace weigh
