#include "weigh/torch/uninitialized.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"

namespace {

using weigh::nn::is_uninitialized;
using weigh::nn::materialize;
using weigh::nn::UninitializedBuffer;
using weigh::nn::UninitializedParameter;

const std::string kRefused =
    "a parameter is not initialised yet and has no shape or data; run a forward, load weights or call materialize() "
    "first";

std::string refused_by(const std::string& op) {
  return "aten::" + op +
         " needs a parameter, which is not initialised yet; run a forward, load weights or call "
         "materialize() first";
}

TEST(Uninitialized, KnowsDtypeDeviceAndRequiresGrad) {
  const UninitializedParameter plain;
  EXPECT_TRUE(is_uninitialized(plain));
  EXPECT_EQ(plain.scalar_type(), torch::kFloat32);
  EXPECT_EQ(plain.device(), torch::kCPU);
  EXPECT_TRUE(plain.requires_grad());
  EXPECT_TRUE(plain.is_leaf());
  EXPECT_TRUE(plain.is_floating_point());
  EXPECT_FALSE(plain.grad().defined());

  const UninitializedParameter half(torch::dtype(torch::kHalf).device(torch::kMeta), false);
  EXPECT_EQ(half.scalar_type(), torch::kHalf);
  EXPECT_EQ(half.device(), torch::kMeta);
  EXPECT_FALSE(half.requires_grad());

  const UninitializedBuffer buffer(torch::kLong);
  EXPECT_EQ(buffer.scalar_type(), torch::kLong);
  EXPECT_FALSE(buffer.requires_grad());
  EXPECT_FALSE(is_uninitialized(torch::Tensor()));
  EXPECT_FALSE(is_uninitialized(torch::ones(3)));
}

TEST(Uninitialized, RefusesShapeAndData) {
  const UninitializedParameter w;
  EXPECT_EQ(message_of([&] { w.sizes(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.size(0); }), kRefused);
  EXPECT_EQ(message_of([&] { w.size(-1); }), kRefused);
  EXPECT_EQ(message_of([&] { w.dim(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.numel(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.nbytes(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.strides(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.stride(0); }), kRefused);
  EXPECT_EQ(message_of([&] { w.storage_offset(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.sym_sizes(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.sym_numel(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.data_ptr(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.data_ptr<float>(); }), kRefused);
  EXPECT_EQ(message_of([&] { w.storage(); }), kRefused);
  EXPECT_EQ(message_of([&] { (void)w.accessor<float, 2>(); }), kRefused);
  EXPECT_EQ(message_of([&] { std::ostringstream() << w; }), kRefused);
  EXPECT_EQ(message_of([&] { UninitializedBuffer().numel(); }), "a buffer" + kRefused.substr(11));
}

TEST(Uninitialized, RefusesOperators) {
  const UninitializedParameter w;
  const torch::Tensor x = torch::ones({2, 3});
  EXPECT_EQ(message_of([&] { w + 1; }), refused_by("add"));
  EXPECT_EQ(message_of([&] { torch::linear(x, w); }), refused_by("linear"));
  EXPECT_EQ(message_of([&] { torch::cat({x, w}); }), refused_by("cat"));
  EXPECT_EQ(message_of([&] { w.item<float>(); }), refused_by("item"));
  EXPECT_EQ(message_of([&] { w[0]; }), refused_by("select"));
  EXPECT_EQ(message_of([&] { w.reshape(-1); }), refused_by("reshape"));
  EXPECT_EQ(message_of([&] { torch::empty_like(w); }), refused_by("empty_like"));
  EXPECT_EQ(message_of([&] {
              torch::NoGradGuard g;
              w.zero_();
            }),
            refused_by("zero_"));
  EXPECT_EQ(message_of([&] {
              torch::NoGradGuard g;
              w.copy_(x);
            }),
            refused_by("copy_"));
  EXPECT_EQ(message_of([&] { x.index({w}); }), kRefused);
  EXPECT_EQ(message_of([&] { w.backward(); }), kRefused);
  EXPECT_EQ(message_of([&] { torch::nn::init::zeros_(w); }), refused_by("zero_"));
  EXPECT_EQ(message_of([&] { torch::nn::init::kaiming_uniform_(w); }), kRefused);
  EXPECT_EQ(message_of([&] {
              torch::conv2d(torch::ones({1, 2, 3, 3}), torch::ones({1, 2, 1, 1}), w);
            }),
            refused_by("conv2d"));
}

TEST(Uninitialized, MaterializesInPlace) {
  UninitializedParameter w(torch::kDouble);
  const torch::Tensor held = w;
  torch::optim::SGD optimizer({held}, 0.5);
  materialize(w, {2, 3});
  EXPECT_FALSE(is_uninitialized(held));
  EXPECT_TRUE(held.is_same(w));
  EXPECT_EQ(held.sizes(), torch::IntArrayRef({2, 3}));
  EXPECT_EQ(held.scalar_type(), torch::kDouble);
  EXPECT_TRUE(held.requires_grad());
  {
    const torch::NoGradGuard no_grad;
    w.fill_(1);
  }
  (w * 4).sum().backward();
  optimizer.step();
  EXPECT_TRUE(torch::equal(held, torch::full({2, 3}, -1.0, torch::kDouble)));
  EXPECT_EQ(message_of([&] {
              materialize(w, {2, 3});
            }),
            "a tensor is initialised already: it cannot be materialised again");
}

TEST(Uninitialized, MaterializesOnAnotherDeviceAndDtype) {
  UninitializedParameter w;
  materialize(w, {2, 3}, torch::dtype(torch::kHalf).device(torch::kMeta));
  EXPECT_EQ(w.scalar_type(), torch::kHalf);
  EXPECT_TRUE(w.is_meta());
}

TEST(Uninitialized, MaterializesTrainablyInInferenceMode) {
  UninitializedParameter w;
  {
    const c10::InferenceMode inference;
    materialize(w, {2});
  }
  EXPECT_FALSE(w.is_inference());
  (w * 2).sum().backward();
  EXPECT_EQ(w.grad().sum().item<float>(), 4);
}

}  // namespace
