// Models built dry, and lazy models materialised.
#include <fstream>

#include <gtest/gtest.h>
#include <unistd.h>

#include "torch/dry_run/support.h"

#include "weigh/error.h"
#include "weigh/torch/build_dry.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/materialize.h"

namespace {

namespace nn = torch::nn;
using weigh::test::message_of;

// Resident pages of this process.
std::int64_t resident_bytes() {
  std::ifstream statm("/proc/self/statm");
  std::int64_t size = 0;
  std::int64_t resident = 0;
  statm >> size >> resident;
  return resident * sysconf(_SC_PAGESIZE);
}

struct BlockImpl : nn::Module {
  explicit BlockImpl(std::int64_t width)
      : q(register_module("q", nn::Linear(width, width))),
        k(register_module("k", nn::Linear(width, width))),
        v(register_module("v", nn::Linear(width, width))),
        o(register_module("o", nn::Linear(width, width))),
        up(register_module("up", nn::Linear(width, 4 * width))),
        down(register_module("down", nn::Linear(4 * width, width))),
        norm(register_module("norm", nn::LayerNorm(nn::LayerNormOptions({width})))) {}
  torch::Tensor forward(torch::Tensor x) {
    const auto h = norm(x);
    const auto weights = q(h).matmul(k(h).transpose(-1, -2)).softmax(-1);
    x = x + o(weights.matmul(v(h)));
    return x + down(torch::silu(up(x)));
  }
  nn::Linear q, k, v, o, up, down;
  nn::LayerNorm norm;
};
TORCH_MODULE(Block);

nn::Sequential large_model() {
  nn::Sequential layers;
  for (int i = 0; i < 80; ++i) layers->push_back(Block(8192));
  return layers;
}

TEST(BuildDry, OfSixtyBillionParametersAllocatesNothing) {
  const auto random_state = at::detail::getDefaultCPUGenerator().get_state();
  const std::int64_t before = resident_bytes();
  auto model = weigh::build_dry(large_model);
  const weigh::Model described = weigh::describe(model, torch::empty({1}).expand({1, 4096, 8192}));
  EXPECT_LT(resident_bytes() - before, 64 << 20);
  EXPECT_TRUE(torch::equal(at::detail::getDefaultCPUGenerator().get_state(), random_state));
  EXPECT_EQ(described.tensors[0].state, weigh::State::meta);
  EXPECT_EQ(weigh::test::line(described, ""), "[1, 4096, 8192] -> [1, 4096, 8192] x1");
  const std::uint64_t width = 8192;
  EXPECT_EQ(described.runs[0].flops, 80 * (2 * 4096 * 12 * width * width + 2 * 2 * 4096 * 4096 * width));
}

TEST(BuildDry, RefusesValuesAndNesting) {
  EXPECT_EQ(message_of([] { weigh::build_dry([] { return torch::ones({2}).sum().item<float>(); }); }),
            "build_dry: aten::item gives what depends on values, and a model that is built dry has none");
  EXPECT_EQ(message_of([] { weigh::build_dry([] { return weigh::build_dry([] { return 1; }); }); }),
            "build_dry: a model is being built or run dry on this thread already");
  EXPECT_EQ(torch::ones({2}).sum().item<float>(), 2);
}

nn::Sequential lazy_model() { return nn::Sequential(weigh::nn::LazyLinear(8), nn::ReLU(), weigh::nn::LazyLinear(2)); }

// The same draws as layers that knew their shapes from the beginning.
TEST(Materialize, DrawsAsAForwardWould) {
  auto net = lazy_model();
  auto other = lazy_model();
  const auto x = torch::rand({3, 4});
  torch::manual_seed(7);
  weigh::materialize(net, x);
  EXPECT_FALSE(weigh::nn::has_uninitialized(*net));
  torch::manual_seed(7);
  other->forward(x);
  const auto parameters = net->parameters();
  for (std::size_t i = 0; i < parameters.size(); ++i)
    EXPECT_TRUE(torch::equal(parameters[i], other->parameters()[i])) << i;
  EXPECT_TRUE(net->is_training());
  net->forward(x).sum().backward();
  EXPECT_TRUE(parameters[0].grad().defined());
}

struct Masked : nn::Module {
  weigh::nn::LazyLinear first = register_module("first", weigh::nn::LazyLinear(4));
  weigh::nn::LazyLinear second = register_module("second", weigh::nn::LazyLinear(4));
  torch::Tensor seen = register_buffer("seen", torch::zeros({1}));
  bool throws = false;
  torch::Tensor forward(const torch::Tensor& x) {
    const auto y = first(x);
    seen.add_(1);
    const auto chosen = y.index({y.sum(1) < 100});
    if (throws) throw std::runtime_error("no more of it");
    return second(chosen);
  }
};

TEST(Materialize, RunsTheRealForwardWhereValuesAreWanted) {
  Masked net;
  torch::manual_seed(7);
  const std::vector<weigh::Note> notes = weigh::materialize(net, torch::ones({2, 3}));
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].place + ": " + notes[0].message,
            "Masked: the dry run that finds the shapes of lazy layers stopped: aten::index has no form that works on "
            "shapes alone; Forward::real runs the real forward instead. That was done; what it changed was put back");
  EXPECT_EQ(net.second->weight.sizes(), torch::IntArrayRef({4, 4}));
  EXPECT_EQ(net.seen.item<float>(), 0);
  // and draws as a first forward does
  Masked other;
  torch::manual_seed(7);
  other.forward(torch::ones({2, 3}));
  EXPECT_TRUE(torch::equal(net.second->weight, other.second->weight));
  Masked asked;
  EXPECT_TRUE(weigh::materialize_with({.forward = weigh::Forward::real}, asked, torch::ones({2, 3})).empty());
}

TEST(Materialize, ChangesNothingWhereItFails) {
  Masked net;
  net.throws = true;
  EXPECT_EQ(
      message_of([&] {
        weigh::materialize(net, torch::ones({2, 3}));
      }),
      "Masked: the shapes of its lazy layers cannot be found: the dry run stopped in Masked, where aten::index has "
      "no form that works on shapes alone; Forward::real runs the real forward instead; and that failed in Masked, "
      "behind aten::index: no more of it");
  EXPECT_TRUE(weigh::nn::is_uninitialized(net.first->weight));
}

}  // namespace
