// Statistics of one's own: how a tensor counts, and what has a row.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/summary.h"

namespace weigh {
namespace {

using testing::Build;

Build embedding_and_tied_head() {
  Build b;
  b.add("embedding.weight", {10, 4});
  b.add("body.0.weight", {4, 4});
  b.add("body.1.weight", {4, 4});
  b.add_tied("head.weight", "embedding.weight");
  return b;
}

std::vector<std::string> names(const Summary& summary) {
  std::vector<std::string> names;
  for (const Row& row : summary.rows) names.push_back(summary.model->path_of(row.module));
  return names;
}

TEST(OwnStatistics, ATensorCountsAsItIsTold) {
  Build b = embedding_and_tied_head();
  SummaryOptions options;
  options.count = [](const Model& model, const Tensor& tensor) {
    return model.path_of(tensor) == "embedding.weight" ? Count() : model.numel(tensor);
  };
  const Summary summary = summarize(b.model(), options);
  EXPECT_EQ(summary.totals.parameters, Count(32));
  EXPECT_EQ(summary.totals.trainable, Count(32));
  EXPECT_EQ(summary.totals.bytes, Count(128));
  EXPECT_EQ(summary.tallies[b.index("head")].parameters, Count()) << "a tie counts as its original";
  EXPECT_EQ(summary.tallies[b.index("body")].parameters, Count(32));
}

TEST(OwnStatistics, TheRootsOwnTensorsCountAsTheyAreToldToo) {
  Build b;
  b.add("scale", {3});
  b.add("fc.weight", {2, 2});
  SummaryOptions options;
  options.count = [](const Model&, const Tensor&) { return Count(1); };
  const Summary summary = summarize(b.model(), options);
  ASSERT_EQ(summary.rows.size(), 2U);
  EXPECT_EQ(summary.rows[1].tally.parameters, Count(1));
  EXPECT_EQ(summary.totals.by_dtype.at(0).elements, 2U);
}

TEST(OwnStatistics, WhatIsNoLayerHasNoRowAndHidesAllBelowIt) {
  Build b = embedding_and_tied_head();
  SummaryOptions options;
  options.depth = -1;
  options.fold = false;
  options.is_layer = [](const Model& model, Index module) { return model.path_of(module) != "body"; };
  const Summary summary = summarize(b.model(), options);
  EXPECT_EQ(names(summary), (std::vector<std::string>{"embedding", "head"}));
  EXPECT_EQ(summary.totals.parameters, Count(72)) << "what has no row is counted all the same";
}

}  // namespace
}  // namespace weigh
