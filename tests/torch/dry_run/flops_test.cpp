// FLOPs as torch.utils.flop_counter.FlopCounterMode counts them (PyTorch 2.6, torch/utils/flop_counter.py).
#include <gtest/gtest.h>

#include "torch/dry_run/support.h"

namespace {

namespace nn = torch::nn;
using torch::rand;

const weigh::DescribeOptions kBackward{.forward = weigh::Forward::dry, .with_backward = true};

template <class Module, class... Inputs>
std::pair<std::uint64_t, std::uint64_t> flops(Module module, Inputs... inputs) {
  const weigh::Model model = weigh::describe_with(kBackward, module, inputs...);
  return {model.runs[0].flops.known(), model.runs[0].backward_flops.known()};
}
using Pair = std::pair<std::uint64_t, std::uint64_t>;

TEST(Flops, OfProducts) {
  // Forward 2·m·k·n; backward as much for each factor that requires a gradient. The input does not.
  EXPECT_EQ(flops(nn::Linear(3, 4), rand({2, 3})), Pair(2 * 2 * 3 * 4, 2 * 2 * 3 * 4));
  EXPECT_EQ(flops(nn::Linear(3, 4), rand({2, 5, 3})), Pair(2 * 10 * 3 * 4, 2 * 10 * 3 * 4));
  EXPECT_EQ(flops(nn::Linear(3, 4), rand({2, 3}).requires_grad_()), Pair(48, 96));
  EXPECT_EQ(flops(nn::Sequential(nn::Linear(3, 4), nn::ReLU(), nn::Linear(4, 5)), rand({2, 3})),
            Pair(48 + 80, 48 + 2 * 80));
  EXPECT_EQ(flops(nn::ReLU(), rand({2, 3})), Pair(0, 0));
}

TEST(Flops, OfConvolutions) {
  using C2 = nn::Conv2dOptions;
  using T2 = nn::ConvTranspose2dOptions;
  // 2·n·positions·(out·in/groups·kernel); positions of the output.
  EXPECT_EQ(flops(nn::Conv2d(C2(3, 6, 3)), rand({2, 3, 8, 8})), Pair(2 * 2 * 36 * 6 * 3 * 9, 2 * 2 * 36 * 6 * 3 * 9));
  // FlopCounterMode's formula for the gradient of a grouped weight counts `groups` times too much: 2·2·36·9·4·8.
  EXPECT_EQ(flops(nn::Conv2d(C2(4, 8, 3).groups(4)), rand({2, 4, 8, 8})),
            Pair(2 * 2 * 36 * 8 * 1 * 9, 2 * 2 * 36 * 8 * 1 * 9));
  EXPECT_EQ(flops(nn::Conv2d(C2(3, 6, 3).dilation(2)), rand({2, 3, 8, 8})).first, 2 * 2 * 16 * 6 * 3 * 9U);
  // Of a transposed one: positions of the input.
  EXPECT_EQ(flops(nn::ConvTranspose2d(T2(3, 6, 3).stride(2)), rand({2, 3, 5, 5})),
            Pair(2 * 2 * 25 * 3 * 6 * 9, 2 * 2 * 25 * 3 * 6 * 9));
}

TEST(Flops, OfRecurrencesAreThoseOfTheirProducts) {
  // input product of all steps, then a hidden one for each of the 5.
  EXPECT_EQ(flops(nn::LSTM(3, 4), rand({5, 2, 3})).first, 2U * 10 * 3 * 16 + 5U * 2 * 2 * 4 * 16);
  EXPECT_EQ(flops(nn::GRU(3, 4), rand({5, 2, 3})).first, 2U * 10 * 3 * 12 + 5U * 2 * 2 * 4 * 12);
}

TEST(Flops, OfAttention) {
  nn::MultiheadAttention attention(8, 2);
  const auto x = rand({5, 3, 8});
  const weigh::Model model = weigh::describe(attention, x, x, x);
  // projections in and out, then scores and their use for 3·2 heads
  EXPECT_EQ(model.runs[0].flops, 2U * 15 * 8 * 24 + 2U * 15 * 8 * 8 + 2U * 2 * 6 * 5 * 5 * 4);
}

TEST(Flops, OfAttentionBelongToTheModuleThatHoldsItsLayers) {
  struct Attention : nn::Module {
    nn::Linear q = register_module("q", nn::Linear(8, 8));
    nn::Linear k = register_module("k", nn::Linear(8, 8));
    nn::Linear o = register_module("o", nn::Linear(8, 8));
    torch::Tensor forward(const torch::Tensor& x) {
      return o(q(x).matmul(k(x).transpose(-1, -2)).softmax(-1).matmul(x));
    }
  };
  struct Block : nn::Module {
    std::shared_ptr<Attention> attention = register_module("attention", std::make_shared<Attention>());
    nn::Linear mlp = register_module("mlp", nn::Linear(8, 8));
    torch::Tensor forward(const torch::Tensor& x) { return mlp(attention->forward(x)); }
  } block;
  const weigh::Model model = weigh::describe(block, rand({2, 5, 8}));
  const std::uint64_t linear = 2U * 10 * 8 * 8;
  const std::uint64_t scores = 2U * 2 * 5 * 5 * 8;
  EXPECT_EQ(weigh::test::run(model, "attention.q").flops, linear);
  EXPECT_EQ(weigh::test::run(model, "mlp").flops, linear);
  EXPECT_EQ(weigh::test::run(model, "attention").flops, 3 * linear + 2 * scores);
  EXPECT_EQ(model.runs[0].flops, 4 * linear + 2 * scores);
}

}  // namespace
