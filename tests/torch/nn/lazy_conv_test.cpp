#include "weigh/torch/lazy_conv.h"

#include <sstream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"
#include "torch/nn/shapes.h"

namespace {

namespace nn = weigh::nn;
using torch::IntArrayRef;

template <class Module>
std::string printed(const Module& module) {
  return (std::ostringstream() << *module).str();
}

// A lazy layer gives what the layer of torch::nn gives from the same seed, in values and in random numbers used.
template <class Lazy, class Eager>
void expect_equal(Lazy lazy, Eager make_eager, const torch::Tensor& x, const std::string& shapes) {
  EXPECT_EQ(shapes_of(*lazy), "weight ?, bias ?");
  torch::manual_seed(11);
  auto eager = make_eager();
  const torch::Tensor next = torch::rand(1);
  torch::manual_seed(11);
  const torch::Tensor y = lazy->forward(x);
  EXPECT_TRUE(torch::equal(torch::rand(1), next));
  EXPECT_EQ(shapes_of(*lazy), shapes);
  EXPECT_TRUE(torch::equal(lazy->weight, eager->weight));
  EXPECT_TRUE(torch::equal(lazy->bias, eager->bias));
  EXPECT_TRUE(torch::equal(y, eager->forward(x)));
}

TEST(LazyConv, EqualsConvOfTheSameSeed) {
  expect_equal(
      nn::LazyConv1d(8, 3), [] { return torch::nn::Conv1d(4, 8, 3); }, torch::rand({2, 4, 9}),
      "weight [8, 4, 3], bias [8]");
  expect_equal(
      nn::LazyConv2d(nn::LazyConv2dOptions(8, {3, 2}).groups(2).stride({2, 1}).padding({1, 2}).dilation(2)),
      [] {
        return torch::nn::Conv2d(
            torch::nn::Conv2dOptions(4, 8, {3, 2}).groups(2).stride({2, 1}).padding({1, 2}).dilation(2));
      },
      torch::rand({2, 4, 9, 9}), "weight [8, 2, 3, 2], bias [8]");
  expect_equal(
      nn::LazyConv3d(8, 3), [] { return torch::nn::Conv3d(4, 8, 3); }, torch::rand({2, 4, 5, 5, 5}),
      "weight [8, 4, 3, 3, 3], bias [8]");
}

TEST(LazyConv, EqualsConvTransposeOfTheSameSeed) {
  expect_equal(
      nn::LazyConvTranspose1d(8, 3), [] { return torch::nn::ConvTranspose1d(4, 8, 3); }, torch::rand({2, 4, 9}),
      "weight [4, 8, 3], bias [8]");
  expect_equal(
      nn::LazyConvTranspose2d(nn::LazyConvTranspose2dOptions(8, 3).groups(2).stride(2).padding(1).output_padding(1)),
      [] {
        return torch::nn::ConvTranspose2d(
            torch::nn::ConvTranspose2dOptions(4, 8, 3).groups(2).stride(2).padding(1).output_padding(1));
      },
      torch::rand({2, 4, 5, 5}), "weight [4, 4, 3, 3], bias [8]");
  expect_equal(
      nn::LazyConvTranspose3d(8, 3), [] { return torch::nn::ConvTranspose3d(4, 8, 3); }, torch::rand({2, 4, 3, 3, 3}),
      "weight [4, 8, 3, 3, 3], bias [8]");
}

TEST(LazyConv, TakesUnbatchedInput) {
  nn::LazyConv2d conv(8, 3);
  EXPECT_EQ(conv(torch::rand({4, 6, 6})).sizes(), IntArrayRef({8, 4, 4}));
  nn::LazyConvTranspose1d transposed(8, 3);
  EXPECT_EQ(transposed(torch::rand({4, 6})).sizes(), IntArrayRef({8, 8}));
}

TEST(LazyConv, PadsInEveryMode) {
  const torch::Tensor x = torch::rand({1, 2, 6, 7});
  const std::vector<torch::nn::detail::conv_padding_mode_t> modes = {torch::kZeros, torch::kReflect, torch::kReplicate,
                                                                     torch::kCircular};
  for (const auto& mode : modes) {
    nn::LazyConv2d lazy(nn::LazyConv2dOptions(3, 3).padding({1, 2}).padding_mode(mode).bias(false));
    torch::nn::Conv2d conv(torch::nn::Conv2dOptions(2, 3, 3).padding({1, 2}).padding_mode(mode).bias(false));
    torch::manual_seed(1);
    const torch::Tensor y = lazy(x);
    torch::manual_seed(1);
    conv->reset_parameters();
    EXPECT_TRUE(torch::equal(y, conv(x)));
    EXPECT_EQ(shapes_of(*lazy), "weight [3, 2, 3, 3]");
    nn::LazyConv2d same(nn::LazyConv2dOptions(3, {2, 3}).padding(torch::kSame).padding_mode(mode));
    EXPECT_EQ(same(x).sizes(), IntArrayRef({1, 3, 6, 7}));
    nn::LazyConv2d valid(nn::LazyConv2dOptions(3, {2, 3}).padding(torch::kValid).padding_mode(mode));
    EXPECT_EQ(valid(x).sizes(), IntArrayRef({1, 3, 5, 5}));
  }
}

TEST(LazyConv, RefusesWrongInput) {
  nn::LazyConv2d conv(nn::LazyConv2dOptions(8, 3).groups(2));
  EXPECT_EQ(message_of([&] {
              conv(torch::rand({3, 4}));
            }),
            "weigh::nn::LazyConv2d: expected 3D (unbatched) or 4D (batched) input, got 2D input of shape [3, 4]");
  EXPECT_EQ(message_of([&] {
              conv(torch::rand({1, 3, 5, 5}));
            }),
            "weigh::nn::LazyConv2d: in_channels must be divisible by groups (got 4D input of shape [1, 3, 5, 5], "
            "groups=2)");
  EXPECT_EQ(shapes_of(*conv), "weight ?, bias ?");
  conv(torch::rand({1, 4, 5, 5}));
  EXPECT_EQ(message_of([&] {
              conv(torch::rand({1, 6, 5, 5}));
            }),
            "weigh::nn::LazyConv2d: initialised with in_channels=4, but got 4D input of shape [1, 6, 5, 5]");
  nn::LazyConvTranspose3d transposed(4, 2);
  EXPECT_EQ(message_of([&] {
              transposed(torch::rand({1, 2, 3}));
            }),
            "weigh::nn::LazyConvTranspose3d: expected 4D (unbatched) or 5D (batched) input, got 3D input of shape [1, "
            "2, 3]");
}

TEST(LazyConv, RefusesWrongOptions) {
  EXPECT_EQ(message_of([] { nn::LazyConv1d(nn::LazyConv1dOptions(5, 3).groups(2)); }),
            "weigh::nn::LazyConv1d: out_channels must be divisible by groups (got out_channels=5, groups=2)");
  EXPECT_EQ(message_of([] { nn::LazyConv1d(nn::LazyConv1dOptions(5, 3).groups(0)); }),
            "weigh::nn::LazyConv1d: out_channels must be divisible by groups (got out_channels=5, groups=0)");
  EXPECT_EQ(message_of([] { nn::LazyConv2d(nn::LazyConv2dOptions(5, 3).padding(torch::kSame).stride(2)); }),
            "weigh::nn::LazyConv2d: padding='same' is not supported for strided convolutions");
}

TEST(LazyConv, ChoosesTheOutputSize) {
  nn::LazyConvTranspose2d lazy(nn::LazyConvTranspose2dOptions(3, 3).stride(2).padding(1));
  const torch::Tensor x = torch::rand({1, 2, 4, 5});
  EXPECT_EQ(lazy(x).sizes(), IntArrayRef({1, 3, 7, 9}));
  EXPECT_EQ(lazy(x, IntArrayRef({8, 9})).sizes(), IntArrayRef({1, 3, 8, 9}));
  EXPECT_EQ(lazy(x, IntArrayRef({1, 3, 7, 10})).sizes(), IntArrayRef({1, 3, 7, 10}));
  EXPECT_EQ(message_of([&] {
              lazy(x, IntArrayRef({9, 9}));
            }),
            "weigh::nn::LazyConvTranspose2d: output_size [9, 9] is not possible for an input of shape [1, 2, 4, 5]: "
            "extent 0 must be from 7 to 8");
  EXPECT_EQ(message_of([&] { lazy(x, IntArrayRef({9})); }),
            "weigh::nn::LazyConvTranspose2d: output_size must have 2 or 4 elements (got 1)");
}

TEST(LazyConv, Prints) {
  nn::LazyConv2d conv(nn::LazyConv2dOptions(8, 3).groups(2).padding({1, 2}).dilation(2).padding_mode(torch::kReflect));
  EXPECT_EQ(printed(conv),
            "weigh::nn::LazyConv2d(?, 8, kernel_size=[3, 3], stride=[1, 1], padding=[1, 2], dilation=[2, 2], "
            "groups=2, padding_mode=kReflect)");
  conv(torch::rand({1, 4, 9, 9}));
  EXPECT_EQ(printed(conv).substr(0, 27), "weigh::nn::LazyConv2d(4, 8,");
  EXPECT_EQ(printed(nn::LazyConv1d(nn::LazyConv1dOptions(8, 3).padding(torch::kSame))),
            "weigh::nn::LazyConv1d(?, 8, kernel_size=3, stride=1, padding='same')");
  nn::LazyConvTranspose1d transposed(
      nn::LazyConvTranspose1dOptions(8, 3).stride(2).padding(1).output_padding(1).bias(false));
  EXPECT_EQ(printed(transposed),
            "weigh::nn::LazyConvTranspose1d(?, 8, kernel_size=3, stride=2, padding=1, bias=false, output_padding=1)");
  transposed(torch::rand({1, 4, 9}));
  EXPECT_EQ(printed(transposed).substr(0, 36), "weigh::nn::LazyConvTranspose1d(4, 8,");
}

}  // namespace
