#include "weigh/torch/describe.h"

#include <gtest/gtest.h>

namespace {

TEST(Describe, Smoke) {
  torch::nn::Sequential net(torch::nn::Linear(4, 8), torch::nn::ReLU(), torch::nn::Linear(8, 2));
  const weigh::Model model = weigh::describe(net, torch::ones({5, 4}));
  ASSERT_EQ(model.runs.size(), 4U);
  EXPECT_EQ(model.runs[0].flops, 2U * 5 * (4 * 8 + 8 * 2));
}

}  // namespace
