// What may be done with a tensor that has no shape.
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"

#include "weigh/torch/uninitialized.h"

namespace {

using weigh::nn::is_uninitialized;
using weigh::nn::materialize;
using weigh::nn::UninitializedBuffer;
using weigh::nn::UninitializedParameter;

TEST(UninitializedCopies, Clone) {
  const UninitializedParameter w(torch::kDouble);
  torch::Tensor copy = w.clone();
  EXPECT_TRUE(is_uninitialized(copy));
  EXPECT_FALSE(copy.is_same(w));
  EXPECT_EQ(copy.scalar_type(), torch::kDouble);
  EXPECT_TRUE(copy.requires_grad());
  EXPECT_TRUE(copy.is_leaf());
  materialize(copy, {2});
  EXPECT_TRUE(is_uninitialized(w));
  const torch::NoGradGuard no_grad;
  EXPECT_FALSE(w.clone().requires_grad());
}

TEST(UninitializedCopies, DetachAndData) {
  const UninitializedParameter w;
  for (const torch::Tensor& copy : {w.detach(), w.data(), w.variable_data(), w.tensor_data(), w.alias()}) {
    EXPECT_TRUE(is_uninitialized(copy));
    EXPECT_FALSE(copy.requires_grad());
  }
}

TEST(UninitializedCopies, Conversions) {
  const UninitializedParameter w;
  EXPECT_EQ(w.to(torch::kHalf).scalar_type(), torch::kHalf);
  EXPECT_TRUE(w.to(torch::kHalf).requires_grad());
  EXPECT_FALSE(w.to(torch::kLong).requires_grad());
  EXPECT_TRUE(is_uninitialized(w.to(torch::kHalf)));
  EXPECT_TRUE(w.to(torch::kFloat).is_same(w));
  EXPECT_TRUE(w.cpu().is_same(w));
  EXPECT_FALSE(w.to(torch::kFloat, /*non_blocking=*/false, /*copy=*/true).is_same(w));
  EXPECT_TRUE(w.to(torch::kMeta).is_meta());
  EXPECT_EQ(w.to(torch::kCPU, torch::kHalf).scalar_type(), torch::kHalf);
  EXPECT_EQ(w.to(torch::dtype(torch::kDouble).device(torch::kMeta)).scalar_type(), torch::kDouble);
  EXPECT_EQ(w.to(torch::ones(1, torch::kHalf)).scalar_type(), torch::kHalf);
  EXPECT_EQ(w.type_as(torch::ones(1, torch::kHalf)).scalar_type(), torch::kHalf);
  EXPECT_EQ(torch::ones(1, torch::kLong).to(w).scalar_type(), torch::kFloat);
  EXPECT_EQ(torch::ones(1, torch::kLong).type_as(w).scalar_type(), torch::kFloat);
  EXPECT_TRUE(w.contiguous().is_same(w));
}

TEST(UninitializedCopies, RequiresGradInPlace) {
  UninitializedParameter w;
  w.requires_grad_(false);
  EXPECT_FALSE(w.requires_grad());
  w.set_requires_grad(true);
  EXPECT_TRUE(w.requires_grad());
  w.detach_();
  EXPECT_FALSE(w.requires_grad());
}

TEST(UninitializedCopies, SetDataMakesItReal) {
  UninitializedParameter w;
  const torch::Tensor held = w;
  w.set_data(torch::full({2, 3}, 4.0));
  EXPECT_FALSE(is_uninitialized(held));
  EXPECT_TRUE(torch::equal(held, torch::full({2, 3}, 4.0)));
  EXPECT_TRUE(held.requires_grad());
  EXPECT_EQ(held.detach().sizes(), torch::IntArrayRef({2, 3}));
}

TEST(UninitializedCopies, SetTakesTheMemoryOfAnother) {
  torch::Tensor w = UninitializedParameter(), real = torch::ones(3);
  const std::string refused =
      "aten::set_ needs a parameter, which is not initialised yet; run a forward, load weights or call materialize() "
      "first";
  const torch::NoGradGuard no_grad;
  EXPECT_EQ(message_of([&] { real.set_(w); }), refused);
  EXPECT_EQ(message_of([&] { w.set_(real.storage()); }), refused);
  EXPECT_EQ(message_of([&] { w.set_(); }), refused);
  w.set_(real);
  EXPECT_EQ(w.data_ptr(), real.data_ptr());
}

TEST(UninitializedCopies, SetDataFromOneWithoutShape) {
  UninitializedParameter w;
  w.set_data(UninitializedParameter(torch::kHalf));
  EXPECT_TRUE(is_uninitialized(w));
  EXPECT_EQ(w.scalar_type(), torch::kHalf);
  const std::string refused = "a parameter is not initialised yet and cannot replace the data of a tensor that is";
  torch::Tensor real = torch::ones(3);
  EXPECT_EQ(message_of([&] { real.set_data(w); }), refused);
  EXPECT_EQ(real.numel(), 3);
  torch::Tensor once = UninitializedParameter();
  materialize(once, {2});
  EXPECT_EQ(message_of([&] { once.set_data(w); }), refused);
  EXPECT_EQ(once.numel(), 2);
}

struct PlainImpl : torch::nn::Module {
  PlainImpl() {
    weight = register_parameter("weight", UninitializedParameter());
    mean = register_buffer("mean", UninitializedBuffer());
  }
  torch::Tensor weight, mean;
};

TEST(UninitializedCopies, ModulesOfTheUsersOwnAreMoved) {
  const auto plain = std::make_shared<PlainImpl>();
  const torch::Tensor held = plain->weight;
  EXPECT_TRUE(weigh::nn::has_uninitialized(*plain));
  plain->to(torch::kDouble);
  EXPECT_EQ(held.scalar_type(), torch::kDouble);
  EXPECT_TRUE(held.requires_grad());
  plain->to(torch::kHalf);
  plain->to(torch::kMeta);
  EXPECT_EQ(held.scalar_type(), torch::kHalf);
  EXPECT_TRUE(held.is_meta());
  EXPECT_TRUE(plain->mean.is_meta());
  plain->eval();
  plain->zero_grad();
  materialize(plain->weight, {2, 3});
  EXPECT_TRUE(held.is_meta());
  EXPECT_EQ(held.numel(), 6);
  EXPECT_TRUE(weigh::nn::has_uninitialized(*plain));
  materialize(plain->mean, {2, 3});
  EXPECT_FALSE(weigh::nn::has_uninitialized(*plain));
}

TEST(UninitializedCopies, OptimizersStepOverIt) {
  const auto plain = std::make_shared<PlainImpl>();
  torch::optim::Adam adam(plain->parameters());
  torch::optim::SGD sgd(plain->parameters(), torch::optim::SGDOptions(0.1).momentum(0.9));
  torch::optim::RMSprop rmsprop(plain->parameters());
  adam.step();
  sgd.step();
  rmsprop.step();
  adam.zero_grad();
  std::ostringstream archive;
  torch::save(adam, archive);
  EXPECT_TRUE(is_uninitialized(plain->weight));
  EXPECT_EQ(torch::nn::utils::clip_grad_norm_(plain->parameters(), 1.0), 0.0);
}

// libtorch answers these without a shape, or asks for one where an exception must not pass.
TEST(UninitializedCopies, QuestionsThatNeedNoShape) {
  const UninitializedParameter w;
  EXPECT_FALSE(w.grad_fn());
  EXPECT_EQ(w._version(), 0);
  EXPECT_FALSE(w.is_view());
  EXPECT_FALSE(w.has_names());
  EXPECT_FALSE(w.is_sparse());
  EXPECT_FALSE(w.is_quantized());
  EXPECT_TRUE(w.is_cpu());
  EXPECT_EQ(w.element_size(), 4);
  EXPECT_EQ(w.itemsize(), 4);
  EXPECT_EQ(w.toString(), "CPUFloatType");
  EXPECT_EQ(w.layout(), torch::kStrided);
  EXPECT_EQ(w.output_nr(), 0);
  w.retain_grad();
  EXPECT_EQ(w.register_hook([](torch::Tensor grad) { return grad; }), 0U);
  EXPECT_TRUE(c10::IValue(w).isTensor());
}

}  // namespace
