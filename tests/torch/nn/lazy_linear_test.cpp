#include "weigh/torch/lazy_linear.h"

#include <sstream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"

namespace {

using weigh::nn::LazyLinear;
using weigh::nn::LazyLinearOptions;

TEST(LazyLinear, EqualsLinearOfTheSameSeed) {
  LazyLinear lazy(5);
  torch::manual_seed(7);
  torch::nn::Linear linear(3, 5);
  const torch::Tensor next = torch::rand(1);
  torch::manual_seed(7);
  const torch::Tensor x = torch::ones({2, 3});
  const torch::Tensor y = lazy(x);
  EXPECT_TRUE(torch::equal(torch::rand(1), next));
  EXPECT_TRUE(torch::equal(lazy->weight, linear->weight));
  EXPECT_TRUE(torch::equal(lazy->bias, linear->bias));
  EXPECT_TRUE(torch::equal(y, linear(x)));
}

TEST(LazyLinear, RefusesByName) {
  LazyLinear lazy(5);
  EXPECT_EQ(message_of([&] { lazy->weight.numel(); }),
            "weigh::nn::LazyLinear: weight is not initialised yet and has no shape or data; run a forward, load "
            "weights or call materialize() first");
  EXPECT_EQ(message_of([&] { lazy->bias + 1; }),
            "weigh::nn::LazyLinear: aten::add needs bias, which is not initialised yet; run a forward, load weights "
            "or call materialize() first");
}

TEST(LazyLinear, RefusesAnotherWidth) {
  LazyLinear lazy(5);
  lazy(torch::ones({2, 3}));
  EXPECT_EQ(message_of([&] {
              lazy(torch::ones({2, 4}));
            }),
            "weigh::nn::LazyLinear: initialised with in_features=3, but got 2D input of shape [2, 4]");
  LazyLinear fresh(5);
  EXPECT_EQ(message_of([&] { fresh(torch::tensor(1.0)); }),
            "weigh::nn::LazyLinear: expected an input of at least one dimension, got a scalar");
}

TEST(LazyLinear, Prints) {
  LazyLinear lazy(LazyLinearOptions(5).bias(false));
  EXPECT_EQ((std::ostringstream() << *lazy).str(), "weigh::nn::LazyLinear(in_features=?, out_features=5, bias=false)");
  lazy(torch::ones({2, 3}));
  EXPECT_EQ((std::ostringstream() << *lazy).str(), "weigh::nn::LazyLinear(in_features=3, out_features=5, bias=false)");
}

}  // namespace
