#include "weigh/torch/lazy_norm.h"

#include <sstream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"
#include "torch/nn/shapes.h"

namespace {

namespace nn = weigh::nn;

const std::string kBefore = "weight ?, bias ?, running_mean ?, running_var ?, num_batches_tracked []";
const std::string kAfter = "weight [4], bias [4], running_mean [4], running_var [4], num_batches_tracked []";

// In train and in eval mode, and in what it remembers, the lazy layer equals that of torch::nn.
template <class Lazy, class Eager>
void expect_equal(Lazy lazy, Eager eager, const torch::Tensor& x) {
  EXPECT_EQ(shapes_of(*lazy), kBefore);
  EXPECT_EQ(lazy->num_batches_tracked.scalar_type(), torch::kLong);
  EXPECT_FALSE(lazy->running_mean.requires_grad());
  for (int i = 0; i < 2; ++i) EXPECT_TRUE(torch::equal(lazy->forward(x), eager->forward(x)));
  EXPECT_EQ(shapes_of(*lazy), kAfter);
  EXPECT_TRUE(torch::equal(lazy->running_mean, eager->running_mean));
  EXPECT_TRUE(torch::equal(lazy->running_var, eager->running_var));
  EXPECT_TRUE(torch::equal(lazy->num_batches_tracked, eager->num_batches_tracked));
  lazy->eval();
  eager->eval();
  EXPECT_TRUE(torch::equal(lazy->forward(x), eager->forward(x)));
}

TEST(LazyNorm, EqualsBatchNorm) {
  expect_equal(nn::LazyBatchNorm1d(), torch::nn::BatchNorm1d(4), torch::rand({3, 4}));
  expect_equal(nn::LazyBatchNorm1d(), torch::nn::BatchNorm1d(4), torch::rand({3, 4, 5}));
  expect_equal(nn::LazyBatchNorm2d(nn::LazyNormOptions().eps(0.1).momentum(0.3)),
               torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(4).eps(0.1).momentum(0.3)),
               torch::rand({3, 4, 5, 5}));
  expect_equal(nn::LazyBatchNorm2d(nn::LazyNormOptions().momentum(torch::nullopt)),
               torch::nn::BatchNorm2d(torch::nn::BatchNorm2dOptions(4).momentum(torch::nullopt)),
               torch::rand({3, 4, 5, 5}));
  expect_equal(nn::LazyBatchNorm3d(), torch::nn::BatchNorm3d(4), torch::rand({3, 4, 2, 2, 2}));
}

TEST(LazyNorm, InstanceNormIsAffineAndTracks) {
  const auto options = torch::nn::InstanceNorm1dOptions(4).affine(true).track_running_stats(true);
  expect_equal(nn::LazyInstanceNorm1d(), torch::nn::InstanceNorm1d(options), torch::rand({3, 4, 5}));
  expect_equal(nn::LazyInstanceNorm2d(), torch::nn::InstanceNorm2d(options), torch::rand({3, 4, 5, 5}));
  expect_equal(nn::LazyInstanceNorm3d(), torch::nn::InstanceNorm3d(options), torch::rand({3, 4, 2, 2, 2}));
}

TEST(LazyNorm, InstanceNormTakesUnbatchedInput) {
  nn::LazyInstanceNorm1d one;
  const torch::Tensor x = torch::rand({4, 5});
  const torch::Tensor y = one(x);
  EXPECT_EQ(shapes_of(*one), kAfter);
  EXPECT_TRUE(torch::allclose(y, torch::nn::InstanceNorm1d(4)(x.unsqueeze(0)).squeeze(0)));
  nn::LazyInstanceNorm3d three;
  three(torch::rand({4, 2, 2, 2}));
  EXPECT_EQ(shapes_of(*three), kAfter);
}

TEST(LazyNorm, DoesWithoutWhatOptionsLeaveOut) {
  nn::LazyBatchNorm2d plain(nn::LazyNormOptions().affine(false).track_running_stats(false));
  EXPECT_EQ(shapes_of(*plain), "");
  EXPECT_FALSE(nn::has_uninitialized(*plain));
  EXPECT_EQ(plain(torch::rand({2, 3, 4, 4})).dim(), 4);
  EXPECT_EQ(plain(torch::rand({2, 5, 4, 4})).dim(), 4);
  nn::LazyInstanceNorm2d tracking(nn::LazyNormOptions().affine(false));
  tracking(torch::rand({2, 3, 4, 4}));
  EXPECT_EQ(shapes_of(*tracking), "running_mean [3], running_var [3], num_batches_tracked []");
}

TEST(LazyNorm, RefusesWrongInput) {
  EXPECT_EQ(message_of([] {
              nn::LazyBatchNorm1d()(torch::rand({1, 2, 3, 4}));
            }),
            "weigh::nn::LazyBatchNorm1d: expected 2D or 3D input, got 4D input of shape [1, 2, 3, 4]");
  EXPECT_EQ(message_of([] {
              nn::LazyBatchNorm2d()(torch::rand({1, 2, 3}));
            }),
            "weigh::nn::LazyBatchNorm2d: expected 4D input, got 3D input of shape [1, 2, 3]");
  EXPECT_EQ(message_of([] {
              nn::LazyBatchNorm3d()(torch::rand({1, 2, 3}));
            }),
            "weigh::nn::LazyBatchNorm3d: expected 5D input, got 3D input of shape [1, 2, 3]");
  EXPECT_EQ(message_of([] { nn::LazyInstanceNorm1d()(torch::rand(3)); }),
            "weigh::nn::LazyInstanceNorm1d: expected 2D (unbatched) or 3D (batched) input, got 1D input of shape [3]");
  nn::LazyBatchNorm2d norm;
  norm(torch::rand({2, 3, 4, 4}));
  EXPECT_EQ(message_of([&] {
              norm(torch::rand({2, 5, 4, 4}));
            }),
            "weigh::nn::LazyBatchNorm2d: initialised with num_features=3, but got 4D input of shape [2, 5, 4, 4]");
}

TEST(LazyNorm, Prints) {
  nn::LazyBatchNorm2d norm;
  EXPECT_EQ((std::ostringstream() << *norm).str(),
            "weigh::nn::LazyBatchNorm2d(?, eps=1e-05, momentum=0.1, affine=true, track_running_stats=true)");
  norm(torch::rand({2, 3, 4, 4}));
  EXPECT_EQ((std::ostringstream() << *norm).str().substr(0, 29), "weigh::nn::LazyBatchNorm2d(3,");
  nn::LazyInstanceNorm1d other(nn::LazyNormOptions().momentum(torch::nullopt).affine(false).track_running_stats(false));
  EXPECT_EQ((std::ostringstream() << *other).str(),
            "weigh::nn::LazyInstanceNorm1d(?, eps=1e-05, momentum=None, affine=false, track_running_stats=false)");
}

}  // namespace
