// Which parts of a tree are others once more.
#include "formats/common/copies.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "model/builder.h"

namespace weigh {
namespace {

class Copies : public ::testing::Test {
 protected:
  void add(std::string_view path, std::uint64_t rows = 4) {
    Tensor tensor;
    tensor.dtype = DType::float32;
    tensor.stored_bytes = 16 * rows;
    builder_.add_by_path(tensor, path, std::vector<Extent>{Extent(rows), Extent(4)});
  }
  // "path:kind" of what is not the model.
  std::string found() {
    mark_copies(model_);
    std::string all;
    for (const Section& section : model_.sections) {
      if (section.kind == SectionKind::model) continue;
      const char* kind = section.kind == SectionKind::copy ? "copy" : "moments";
      all += (all.empty() ? "" : " ") + model_.path_of(section.root) + ":" + kind;
    }
    return all;
  }

  Limits limits_;
  Model model_;
  ModelBuilder builder_{model_, limits_};
};

TEST_F(Copies, StandBesideTheirOriginal) {
  for (const char* path :
       {"online_model.0.weight", "online_model.1.weight", "ema_model.0.weight", "ema_model.1.weight"})
    add(path);
  EXPECT_EQ(found(), "ema_model:copy");
}

TEST_F(Copies, StandInTheirOriginal) {
  for (const char* path : {"fc.weight", "ema.fc.weight"}) add(path);
  EXPECT_EQ(found(), "ema:copy");
}

TEST_F(Copies, MayLackDots) {
  for (const char* path : {"model.net.0.weight", "model_ema.net0weight"}) add(path);
  EXPECT_EQ(found(), "model_ema:copy");
}

TEST_F(Copies, MayHaveAPrefix) {
  for (const char* path : {"net.fc.weight", "ema.module.fc.weight"}) add(path);
  EXPECT_EQ(found(), "ema:copy");
}

TEST_F(Copies, MayLackWhatIsFrozen) {
  for (const char* path : {"net.fc.weight", "net.frozen.weight", "ema.fc.weight"}) add(path);
  EXPECT_EQ(found(), "ema:copy");
}

TEST_F(Copies, HaveNoNamesOfTheirOwn) {
  for (const char* path : {"net.fc.weight", "ema.fc.weight", "ema.other.weight"}) add(path);
  EXPECT_EQ(found(), "");
}

TEST_F(Copies, HaveTheShapesOfTheirOriginal) {
  add("net.fc.weight", 4);
  add("ema.fc.weight", 5);
  EXPECT_EQ(found(), "");
}

TEST_F(Copies, AreCalledSo) {
  for (const char* path : {"query.fc.weight", "passage.fc.weight", "semantic.fc.weight"}) add(path);
  EXPECT_EQ(found(), "");
}

TEST_F(Copies, OfEachOtherAreNone) {
  for (const char* path : {"ema_1.fc.weight", "ema_2.fc.weight"}) add(path);
  EXPECT_EQ(found(), "");
}

TEST_F(Copies, AreMomentsOfAnOptimizer) {
  for (const char* path : {"fc.weight", "moment1.fc.weight", "moment2.fc.weight"}) add(path);
  EXPECT_EQ(found(), "moment1:moments moment2:moments");
  EXPECT_EQ(model_.sections[1].tensors, 1U);
  EXPECT_EQ(model_.sections[1].bytes, 64U);
}

TEST_F(Copies, OfAThousandPartsAreNotLookedFor) {
  add("net.fc.weight");
  for (int i = 0; i < 1000; ++i) add("ema_" + std::to_string(i) + ".fc.weight");
  EXPECT_EQ(found(), "");
}

}  // namespace
}  // namespace weigh
