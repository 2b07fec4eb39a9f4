// Which embeddings the configuration, or the class, makes one.
#include "places/ties.h"

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "model/builder.h"

namespace weigh {
namespace {

class Ties : public ::testing::Test {
 protected:
  void add(std::string_view path, std::uint64_t rows = 10) {
    Tensor tensor;
    tensor.dtype = DType::float32;
    builder_.add_by_path(tensor, path, std::vector<Extent>{Extent(rows), Extent(4)});
  }
  void add_bias(std::string_view path) {
    Tensor tensor;
    tensor.dtype = DType::float32;
    builder_.add_by_path(tensor, path, std::vector<Extent>{Extent(10)});
  }
  // "tied=original", in the order of the file.
  std::string tied(bool is_told = true) {
    model_.config.tied_embeddings = is_told;
    tie_embeddings(model_);
    std::string all;
    for (const Tensor& tensor : model_.tensors) {
      if (tensor.tied_to == kNone) continue;
      EXPECT_TRUE(tensor.stored_apart);
      all += (all.empty() ? "" : " ") + model_.path_of(tensor) + "=" + model_.path_of(model_.tensors[tensor.tied_to]);
    }
    return all;
  }
  std::string note() const {
    return model_.notes.size() == 1 ? model_.notes[0].code + " " + model_.notes[0].place + " " + model_.notes[0].message
                                    : std::to_string(model_.notes.size()) + " notes";
  }

  Limits limits_;
  Model model_;
  ModelBuilder builder_{model_, limits_};
};

TEST_F(Ties, OfAnOutputLayer) {
  add("lm_head.weight");
  add("model.embed_tokens.weight");
  EXPECT_EQ(tied(), "model.embed_tokens.weight=lm_head.weight");
}

TEST_F(Ties, OfFourNames) {
  for (const char* path :
       {"shared.weight", "encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"})
    add(path);
  EXPECT_EQ(tied(),
            "encoder.embed_tokens.weight=shared.weight decoder.embed_tokens.weight=shared.weight "
            "lm_head.weight=shared.weight");
}

TEST_F(Ties, OfInputsAlone) {
  for (const char* path : {"shared.weight", "encoder.embed_tokens.weight", "lm_head.weight"}) add(path);
  EXPECT_EQ(tied(false), "") << "of no class that is known to share them";
  model_.config.types = {"t5"};
  EXPECT_EQ(tied(false), "encoder.embed_tokens.weight=shared.weight");
}

TEST_F(Ties, OfTheDecodersSideAlone) {
  for (const char* path : {"encoder.embed_tokens.weight", "decoder.embed_tokens.weight", "lm_head.weight"}) add(path);
  model_.config.ties_both_sides = false;
  EXPECT_EQ(tied(), "lm_head.weight=decoder.embed_tokens.weight");
}

TEST_F(Ties, OfABertsHeadAndItsBias) {
  add("embeddings.word_embeddings.weight");
  add_bias("cls.predictions.bias");
  add_bias("cls.predictions.decoder.bias");
  add("cls.predictions.decoder.weight");
  EXPECT_EQ(tied(),
            "cls.predictions.decoder.bias=cls.predictions.bias "
            "cls.predictions.decoder.weight=embeddings.word_embeddings.weight");
}

TEST_F(Ties, OfAHeadThatStandsBeforeTheEmbedding) {
  add_bias("lm_head.bias");
  add_bias("lm_head.decoder.bias");
  add("lm_head.decoder.weight");
  add("roberta.embeddings.word_embeddings.weight");
  EXPECT_EQ(tied(),
            "lm_head.decoder.bias=lm_head.bias "
            "roberta.embeddings.word_embeddings.weight=lm_head.decoder.weight");
}

TEST_F(Ties, OfOtherLayersOfSuchNamesAreNone) {
  add("embed_tokens.weight");
  add("layers.0.output.weight");
  add("layers.1.output.weight");
  add("decoder.weight");
  EXPECT_EQ(tied(), "");
  EXPECT_EQ(note(), "0 notes");
}

TEST_F(Ties, OfTwoModelsAreNotTold) {
  for (const char* path : {"a.embed_tokens.weight", "b.embed_tokens.weight", "a.lm_head.weight", "b.lm_head.weight"})
    add(path);
  EXPECT_EQ(tied(), "");
}

TEST_F(Ties, OfUnlikeShapesAreNone) {
  add("embed_tokens.weight", 10);
  add("lm_head.weight", 12);
  EXPECT_EQ(tied(), "");
  EXPECT_EQ(note(),
            "config-contradicts lm_head.weight differs in shape or dtype from embed_tokens.weight, though config.json "
            "ties them (tie_word_embeddings); both are counted");
}

TEST_F(Ties, ThatNobodyTellsAreNoted) {
  add("embed_tokens.weight");
  add("lm_head.weight");
  model_.config.ties_are_told = false;
  EXPECT_EQ(tied(false), "");
  EXPECT_EQ(
      note(),
      "perhaps-tied lm_head.weight may be embed_tokens.weight once more: they are alike, config.json does not say "
      "(tie_word_embeddings), and what its class does is not known; both are counted");
}

}  // namespace
}  // namespace weigh
