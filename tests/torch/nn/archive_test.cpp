// Lazy layers in torch::save and torch::load, and in clone().
#include <sstream>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/messages.h"
#include "torch/nn/shapes.h"

#include "weigh/torch/lazy_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/lazy_norm.h"

namespace {

using weigh::nn::LazyBatchNorm2d;
using weigh::nn::LazyConv2d;
using weigh::nn::LazyLinear;

torch::nn::Sequential lazy_net() {
  return torch::nn::Sequential(LazyConv2d(4, 3), LazyBatchNorm2d(), torch::nn::Flatten(), LazyLinear(2));
}

const std::string kBefore =
    "0.weight ?, 0.bias ?, 1.weight ?, 1.bias ?, 3.weight ?, 3.bias ?, 1.running_mean ?, 1.running_var ?, "
    "1.num_batches_tracked []";
const std::string kAfter =
    "0.weight [4, 3, 3, 3], 0.bias [4], 1.weight [4], 1.bias [4], 3.weight [2, 36], 3.bias [2], 1.running_mean [4], "
    "1.running_var [4], 1.num_batches_tracked []";

template <class Module>
std::string saved(const Module& module) {
  std::ostringstream stream;
  torch::save(module, stream);
  return stream.str();
}

template <class Module>
void load(Module& module, const std::string& bytes) {
  std::istringstream stream(bytes);
  torch::load(module, stream);
}

TEST(Archive, KeepsItUninitialised) {
  auto other = lazy_net();
  load(other, saved(lazy_net()));
  EXPECT_EQ(shapes_of(*other), kBefore);
}

TEST(Archive, KeepsTheDtype) {
  LazyLinear lazy(2), other(2);
  lazy->to(torch::kHalf);
  load(other, saved(lazy));
  EXPECT_EQ(shapes_of(*other), "weight ?, bias ?");
  EXPECT_EQ(other->weight.scalar_type(), torch::kHalf);
  EXPECT_TRUE(other->weight.requires_grad());
}

TEST(Archive, ValuesMakeItReal) {
  const torch::Tensor x = torch::rand({2, 3, 5, 5});
  auto net = lazy_net();
  net->forward(x);
  net->eval();
  auto other = lazy_net();
  const auto held = other->parameters();
  torch::optim::SGD optimizer(held, 0.1);
  load(other, saved(net));
  other->eval();
  EXPECT_EQ(shapes_of(*other), kAfter);
  EXPECT_EQ(held[0].sizes(), torch::IntArrayRef({4, 3, 3, 3}));
  const torch::Tensor y = other->forward(x);
  EXPECT_TRUE(torch::equal(y, net->forward(x)));
  y.sum().backward();
  optimizer.step();
  EXPECT_FALSE(torch::equal(other->forward(x), y));
}

TEST(Archive, LayersOfTorchExchangeWithLazyOnes) {
  torch::nn::Linear linear(3, 2);
  LazyLinear lazy(2);
  load(lazy, saved(linear));
  EXPECT_TRUE(torch::equal(lazy->weight, linear->weight));
  torch::nn::Linear back(3, 2);
  load(back, saved(lazy));
  EXPECT_TRUE(torch::equal(back->weight, linear->weight));
  EXPECT_EQ(message_of([&] { load(back, saved(LazyLinear(2))); }).substr(0, 64),
            "another exception: No such serialized tensor 'weight'\nException ");
}

struct PlainImpl : torch::nn::Module {
  explicit PlainImpl(torch::Tensor tensor) : weight(register_parameter("weight", std::move(tensor))) {}
  torch::Tensor weight;
};

TEST(Archive, ValuesMakeItRealInLayersOfTheUsersOwn) {
  const auto real = std::make_shared<PlainImpl>(torch::rand({2, 3}, torch::kHalf));
  auto plain = std::make_shared<PlainImpl>(weigh::nn::UninitializedParameter());
  const std::string bytes = saved(real);
  load(plain, bytes);
  EXPECT_TRUE(torch::equal(plain->weight, real->weight));
  EXPECT_TRUE(plain->weight.requires_grad());
  plain = std::make_shared<PlainImpl>(weigh::nn::UninitializedParameter(torch::kMeta));
  load(plain, bytes);
  EXPECT_TRUE(torch::equal(plain->weight, real->weight));
}

TEST(Archive, RefusesToForgetValues) {
  LazyLinear real(2);
  real(torch::ones({1, 3}));
  EXPECT_EQ(
      message_of([&] { load(real, saved(LazyLinear(2))); }),
      "weigh::nn::LazyLinear: weight is not initialised in the archive, but it has values here; load into a layer "
      "that is not initialised");
  EXPECT_EQ(shapes_of(*real), "weight [2, 3], bias [2]");
}

TEST(Archive, ATensorAloneCannotBeSaved) {
  LazyLinear lazy(2);
  EXPECT_EQ(message_of([&] { saved(lazy->weight); }),
            "weigh::nn::LazyLinear: weight is not initialised yet and has no shape or data; run a forward, load "
            "weights or call materialize() first");
}

TEST(Clone, BeforeInitialisation) {
  auto net = lazy_net();
  net->to(torch::kDouble);
  torch::nn::Sequential copy(std::dynamic_pointer_cast<torch::nn::SequentialImpl>(net->clone()));
  EXPECT_EQ(shapes_of(*copy), kBefore);
  EXPECT_EQ(copy->parameters()[0].scalar_type(), torch::kDouble);
  copy->forward(torch::rand({2, 3, 5, 5}, torch::kDouble));
  EXPECT_EQ(shapes_of(*copy), kAfter);
  EXPECT_EQ(shapes_of(*net), kBefore);
}

TEST(Clone, AfterInitialisation) {
  const torch::Tensor x = torch::rand({2, 3, 5, 5});
  auto net = lazy_net();
  net->forward(x);
  torch::nn::Sequential copy(std::dynamic_pointer_cast<torch::nn::SequentialImpl>(net->clone()));
  EXPECT_EQ(shapes_of(*copy), kAfter);
  EXPECT_TRUE(torch::equal(copy->forward(x), net->forward(x)));
  {
    const torch::NoGradGuard no_grad;
    copy->parameters()[0].zero_();
  }
  EXPECT_FALSE(torch::equal(copy->forward(x), net->forward(x)));
  copy->forward(x).sum().backward();
  EXPECT_FALSE(net->parameters()[0].grad().defined());
}

// A layer of the user's own that holds lazy layers, and is cloned by assignment of its parts.
struct BlockImpl : torch::nn::Cloneable<BlockImpl> {
  BlockImpl() { reset(); }
  void reset() override { linear = register_module("linear", LazyLinear(4)); }
  torch::Tensor forward(const torch::Tensor& x) { return linear(x); }
  LazyLinear linear{nullptr};
};
TORCH_MODULE(Block);

TEST(Clone, InsideALayer) {
  Block block;
  const auto lazy = std::dynamic_pointer_cast<BlockImpl>(block->clone());
  EXPECT_EQ(lazy->forward(torch::ones({2, 3})).sizes(), torch::IntArrayRef({2, 4}));
  EXPECT_EQ(shapes_of(*lazy), "linear.weight [4, 3], linear.bias [4]");
  EXPECT_EQ(shapes_of(*block), "linear.weight ?, linear.bias ?");
  const auto real = std::dynamic_pointer_cast<BlockImpl>(lazy->clone());
  EXPECT_TRUE(torch::equal(real->linear->weight, lazy->linear->weight));
  EXPECT_TRUE(real->linear->named_parameters()["weight"].is_same(real->linear->weight));
}

}  // namespace
