// Programs that torch compiled ahead of time, against the module that they were made of, and sources that lie.
#include "formats/pt2/compiled.h"

#include <gtest/gtest.h>

#include "support/expected.h"
#include "support/files.h"
#include "support/made_files.h"

#include "weigh/summary.h"

namespace weigh::testing {
namespace {

TEST(Compiled, TellsTheWeightsThatItsSourceDescribes) {
  const Model model = read(data_path("pt2/compiled.pt2"));
  EXPECT_EQ(model.format, "AOTInductor");
  EXPECT_EQ(model.kind, "compiled program");
  EXPECT_EQ(model.metadata.at(0), (std::pair<std::string, std::string>("device", "cpu")));
  EXPECT_EQ(
      notes_of(model),
      "compiled-weights model: is compiled code, into which weights of up to eight numbers may be written as such: "
      "the totals are lower bounds\n");
  const Json live = Json::parse(file("pt2/compiled.json"));
  std::uint64_t large = 0;
  for (const auto& [path, told] : live.items()) {
    const Tensor* tensor = find(model, path);
    std::uint64_t elements = 1;
    for (const Json& size : told[0]) elements *= size.get<std::uint64_t>();
    EXPECT_EQ(tensor != nullptr, elements > 8) << path;
    if (tensor == nullptr) continue;
    EXPECT_EQ(shape_of(model, path), told_shape(told[0])) << path;
    EXPECT_EQ(name(tensor->dtype), told[1].get<std::string>()) << path;
    EXPECT_EQ(tensor->role == Role::parameter, told[2] == "parameter") << path;
    EXPECT_TRUE(tensor->role_recorded()) << path;
    if (tensor->role == Role::parameter) large += elements;
  }
  const Totals totals = summarize(model).totals;
  EXPECT_EQ(totals.parameters.known(), large);
  EXPECT_FALSE(totals.parameters.is_exact());
}

TEST(Compiled, WithoutItsSourceTellsNone) {
  const Model model = read(data_path("pt2/compiled_without_source.pt2"));
  EXPECT_EQ(model.format, "AOTInductor");
  EXPECT_EQ(
      notes_of(model),
      "compiled-weights model: is compiled code without the source that describes its weights, which lie inside it: "
      "they are not told\n");
  EXPECT_FALSE(summarize(model).totals.parameters.is_exact());
  EXPECT_EQ(summarize(model).totals.parameters.known(), 0U);
}

std::string package(const std::string& source) {
  return Zip()
      .add("p/data/aotinductor/net/a.wrapper.cpp", source)
      .add("p/data/aotinductor/net/a.wrapper.so", "")
      .bytes();
}

TEST(Compiled, LinesThatAreNoFactsArePassedOver) {
  const Model model =
      read_bytes(package("constants_info_[0].name = \"w\";\nconstants_info_[0].shape = {2, 3};\n"
                         "constants_info_[0].dtype = cached_torch_dtype_bfloat16;\n"
                         "constants_info_[x].shape = {9};\nconstants_info_[1]shape = {9};\n"
                         "constants_info_[1].shape;\nconstants_info_[2].name = \"folded\";\n"
                         "constants_info_[2].shape = {7};\nconstants_info_[2].from_folded = true;\n"
                         "constants_info_[3].shape = {5};\nconstants_info_["));
  EXPECT_EQ(shape_of(model, "w"), "[2, 3]");
  EXPECT_EQ(find(model, "w")->dtype, DType::bfloat16);
  EXPECT_EQ(find(model, "folded"), nullptr);
  EXPECT_EQ(model.tensors.size(), 2U);
}

TEST(Compiled, ExtentsThatAreNoSizesAreRefused) {
  for (const char* shape : {"{-1}", "{2, }", "{99999999999999999999}", "{9223372036854775808}", "{a}"})
    EXPECT_EQ(error_of([&] {
                (void)read_bytes(package(std::string("constants_info_[0].name = \"w\";\nconstants_info_[0].shape = ") +
                                         shape + ";\n"));
              }),
              "m: describes a weight with an extent that is no size")
        << shape;
}

}  // namespace
}  // namespace weigh::testing
