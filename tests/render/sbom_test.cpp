// Bills of materials: what they tell, and that they tell the same again. Their official schemas:
// tests/python/files/sbom_test.py.
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "analysis/build.h"
#include "render/golden.h"
#include "render/sbom/facts.h"

#include "weigh/document.h"
#include "weigh/version.h"

namespace weigh {
namespace {

using Json = nlohmann::json;
using testing::Build;

RenderOptions in(RenderFormat format) {
  RenderOptions options;
  options.format = format;
  return options;
}

std::string bill_of(const Model& model, const RenderOptions& options) { return render(summarize(model), options); }

std::string without_version(std::string text) {
  const std::string number(version());
  for (std::size_t at = text.find(number); at != std::string::npos; at = text.find(number, at))
    text.replace(at, number.size(), "…");
  return text;
}

TEST(Bill, InCycloneDxOfAModelThatIsNotInitialised) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  testing::expect_golden("sbom/gat_module_before_cyclonedx",
                         without_version(bill_of(model, in(RenderFormat::cyclonedx))));
}

TEST(Bill, InSpdxOfAModelThatIsNotInitialised) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  testing::expect_golden("sbom/gat_module_before_spdx", without_version(bill_of(model, in(RenderFormat::spdx))));
}

// `date -u -d @1764522000`; the end of the year that the form of four digits can tell.
TEST(Bill, ATimeIsThatOfTheCaller) {
  EXPECT_EQ(iso_time(0), "1970-01-01T00:00:00Z");
  EXPECT_EQ(iso_time(951'782'400), "2000-02-29T00:00:00Z");
  EXPECT_EQ(iso_time(1'764'522'000), "2025-11-30T17:00:00Z");
  EXPECT_EQ(iso_time(UINT64_MAX), "9999-12-31T23:59:59Z");
  const Model model = testing::read_bare("pytorch/gat_module_after.pt");
  RenderOptions options = in(RenderFormat::cyclonedx);
  EXPECT_FALSE(Json::parse(bill_of(model, options))["metadata"].contains("timestamp"));
  options.time = 1'764'522'000;
  EXPECT_EQ(Json::parse(bill_of(model, options))["metadata"]["timestamp"], "2025-11-30T17:00:00Z");
  options.format = RenderFormat::spdx;
  const Json creation = Json::parse(bill_of(model, options))["@graph"][0];
  EXPECT_EQ(creation["created"], "2025-11-30T17:00:00Z");
  EXPECT_FALSE(creation.contains("comment"));
}

TEST(Bill, HoldsSeveralModels) {
  const Model before = testing::read_bare("pytorch/gat_module_before.pt");
  const Model after = testing::read_bare("pytorch/gat_module_after.pt");
  for (const RenderFormat format : {RenderFormat::cyclonedx, RenderFormat::spdx}) {
    const std::unique_ptr<Document> bill = document(in(format));
    bill->add(summarize(before));
    bill->add(summarize(after));
    const Json text = Json::parse(bill->text());
    std::set<std::string> names, ids;
    for (const Json& one : text.contains("components") ? text["components"] : text["@graph"]) {
      if (one["type"] != "machine-learning-model" && one["type"] != "ai_AIPackage") continue;
      names.insert(one["name"]);
      ids.insert(one.contains("bom-ref") ? one["bom-ref"] : one["spdxId"]);
    }
    EXPECT_EQ(names, (std::set<std::string>{"gat_module_before.pt", "gat_module_after.pt"}));
    EXPECT_EQ(ids.size(), 2U);
  }
}

// Other facts have other names in SPDX, the same facts the same.
TEST(Bill, SpdxNamesFollowFromTheFacts) {
  const auto document_id = [](const char* file) {
    const Model model = testing::read_bare(file);
    return Json::parse(bill_of(model, in(RenderFormat::spdx)))["@graph"][2]["spdxId"].get<std::string>();
  };
  EXPECT_EQ(document_id("pytorch/gat_module_before.pt"), document_id("pytorch/gat_module_before.pt"));
  EXPECT_NE(document_id("pytorch/gat_module_before.pt"), document_id("pytorch/gat_module_after.pt"));
}

TEST(Bill, HostileNamesAreStrings) {
  Build b;
  b.model().source = "dir/\"},{\"x\": \"\n.pt";
  b.model().architecture = "\\\xff";
  b.add("a.weight", {3});
  b.model().notes.push_back({"odd", "\"", "\x01"});
  const Json bom = Json::parse(bill_of(b.model(), in(RenderFormat::cyclonedx)));
  EXPECT_EQ(bom["components"].size(), 1U);
  EXPECT_EQ(bom["components"][0]["name"], "\"},{\"x\": \"\n.pt");
  EXPECT_EQ(Json::parse(bill_of(b.model(), in(RenderFormat::spdx)))["@graph"].size(), 4U);
}

TEST(Bill, OfManyNotesIsBounded) {
  Build b;
  b.add("a.weight", {3});
  for (int i = 0; i < 5'000; ++i) b.model().notes.push_back({"odd", fmt::to_string(i), "an oddity"});
  const Json bom = Json::parse(bill_of(b.model(), in(RenderFormat::cyclonedx)));
  std::size_t notes = 0;
  std::string left_out;
  for (const Json& property : bom["components"][0]["properties"]) {
    notes += property["name"] == "weighbridge:note:odd" ? 1 : 0;
    if (property["name"] == "weighbridge:notes:left-out") left_out = property["value"];
  }
  EXPECT_EQ(notes, 100U);
  EXPECT_EQ(left_out, "4900");
}

}  // namespace
}  // namespace weigh
