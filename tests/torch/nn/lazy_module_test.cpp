#include "weigh/torch/lazy_module.h"

#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>
#include <torch/torch.h>

#include "torch/nn/fake_observer.h"
#include "torch/nn/messages.h"
#include "torch/nn/shapes.h"

#include "weigh/torch/lazy_linear.h"

namespace {

using torch::IntArrayRef;
using weigh::nn::is_uninitialized;
using weigh::nn::LazyLinear;
using weigh::nn::LazyLinearImpl;
using weigh::nn::LazyModule;
using weigh::nn::ObserverGuard;

// Shapes, an initial value and a parameter's existence, all from two inputs.
struct GateImpl : LazyModule<GateImpl> {
  using LazyLayer::has;

  GateImpl() { reset(); }
  void reset() override {
    weight = declare_parameter("weight");
    edge = declare_parameter("edge", torch::kDouble);
    count = declare_buffer("count", torch::kLong);
  }
  void initialize_parameters(const torch::Tensor& x, const torch::optional<torch::Tensor>& e) {
    materialize(weight, {x.size(-1)});
    if (e) {
      materialize(edge, {e->size(-1), weight.size(0)});
    } else {
      drop(edge);
    }
    if (fails) throw std::runtime_error("half-way");
    if (!forgets) materialize(count, {2});
  }
  void reset_parameters() override {
    ++resets;
    torch::nn::init::constant_(weight, 3);
    if (has(edge)) torch::nn::init::constant_(edge, 4);
    count.zero_();
  }
  torch::Tensor forward(const torch::Tensor& x, const torch::optional<torch::Tensor>& e = {}) {
    weigh::nn::ForwardScope scope(*this, x, e);
    infer(x, e);
    return scope.returns(x * weight + (has(edge) ? edge.sum() : torch::zeros({})));
  }

  torch::Tensor weight, edge, count;
  bool fails = false, forgets = false;
  int resets = 0;
};
TORCH_MODULE(Gate);

// Its initial value is the first input's mean.
struct CenterImpl : LazyModule<CenterImpl> {
  CenterImpl() { reset(); }
  void reset() override { mean = declare_buffer("mean"); }
  void initialize_parameters(const torch::Tensor& x) { materialize(mean, {x.size(-1)}); }
  void reset_parameters() override { mean.zero_(); }
  void initialize_values(const torch::Tensor& x) { mean.copy_(x.mean(0)); }
  torch::Tensor forward(const torch::Tensor& x) {
    infer(x);
    return x - mean;
  }
  torch::Tensor mean;
};
TORCH_MODULE(Center);

const torch::Tensor kX = torch::ones({2, 3});
const torch::Tensor kE = torch::ones({2, 5});

TEST(LazyModule, InitialisesOnce) {
  Gate gate;
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
  const auto y = gate(kX, kE);
  EXPECT_EQ(shapes_of(*gate), "weight [3], edge [5, 3], count [2]");
  EXPECT_EQ(gate->edge.scalar_type(), torch::kDouble);
  EXPECT_EQ(gate->count.scalar_type(), torch::kLong);
  EXPECT_EQ(y[0][0].item<double>(), 63);
  gate(kX, kE);
  EXPECT_EQ(gate->resets, 1);
}

TEST(LazyModule, ExistenceDependsOnInputs) {
  Gate gate;
  EXPECT_EQ(gate(kX)[0][0].item<double>(), 3);
  EXPECT_EQ(shapes_of(*gate), "weight [3], count [2]");
  const auto copy = std::dynamic_pointer_cast<GateImpl>(gate->clone());
  EXPECT_EQ(shapes_of(*copy), "weight [3], count [2]");
  EXPECT_EQ(copy->forward(kX, kE)[0][0].item<double>(), 3);
}

TEST(LazyModule, ArchivesKnowWhatItDoesWithout) {
  Gate gate, fresh, full;
  gate(kX);
  full(kX, kE);
  const auto load = [](Gate& into, const Gate& from) {
    std::stringstream stream;
    torch::save(from, stream);
    torch::load(into, stream);
  };
  load(fresh, gate);
  EXPECT_EQ(shapes_of(*fresh), "weight [3], count [2]");
  EXPECT_EQ(fresh(kX, kE)[0][0].item<double>(), 3);
  load(fresh, gate);
  EXPECT_EQ(message_of([&] { load(gate, full); }),
            "(anonymous namespace)::Gate: it does without edge, but the archive does not");
  EXPECT_EQ(message_of([&] { load(full, gate); }),
            "(anonymous namespace)::Gate: edge does not exist in the archive, but it has values here; load into a "
            "layer that is "
            "not initialised");
}

TEST(LazyModule, ValueDependsOnInputs) {
  Center center;
  EXPECT_EQ(center(kX).abs().sum().item<double>(), 0);
  Center dry;
  {
    FakeObserver observer(/*is_dry=*/true);
    const ObserverGuard guard(&observer);
    dry->infer(kX);
    EXPECT_EQ(dry->mean.size(0), 3);
  }
  EXPECT_EQ(message_of([&] {
              dry->initialize_from({{"mean", {.shape = {3}, .options = {}}}});
            }),
            "(anonymous namespace)::Center: its initial values are computed from inputs, which a dry run has not; run "
            "a forward, or Forward::real");
}

TEST(LazyModule, ThrowingHalfWayLeavesItAsItWas) {
  Gate gate;
  const torch::Tensor held = gate->weight;
  gate->fails = true;
  EXPECT_EQ(message_of([&] { gate(kX, kE); }), "another exception: half-way");
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
  EXPECT_EQ(message_of([&] { gate(kX); }), "another exception: half-way");
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
  gate->fails = false;
  EXPECT_EQ(gate(kX, kE)[0][0].item<double>(), 63);
  EXPECT_TRUE(held.is_same(gate->weight));
  EXPECT_EQ(held.numel(), 3);
}

TEST(LazyModule, NamesWhatWasForgotten) {
  Gate gate;
  gate->forgets = true;
  EXPECT_EQ(message_of([&] { gate(kX); }),
            "(anonymous namespace)::Gate: initialize_parameters left count without a shape; materialise or drop it "
            "there");
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
}

TEST(LazyModule, NothingIsMadeInADryRun) {
  Gate gate;
  FakeObserver observer(/*is_dry=*/true);
  {
    const ObserverGuard guard(&observer);
    gate->infer(kX, torch::optional<torch::Tensor>(kE));
    EXPECT_EQ(gate->edge.sizes(), IntArrayRef({5, 3}));
    EXPECT_EQ(gate->edge.numel(), 15);
    EXPECT_EQ(gate->edge.stride(0), 3);
    EXPECT_TRUE(is_uninitialized(gate->edge));
    gate->infer(kX, torch::optional<torch::Tensor>(kE));
    EXPECT_EQ(message_of([&] { weigh::nn::materialize(gate->weight, {3}); }),
              "(anonymous namespace)::Gate: weight is initialised already: it cannot be materialised again");
  }
  EXPECT_EQ(observer.events, std::vector<std::string>{"initialized (anonymous namespace)::GateImpl"});
  EXPECT_EQ(gate->resets, 0);
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
}

TEST(LazyModule, DropsInADryRunForItsLength) {
  Gate gate;
  {
    FakeObserver observer(/*is_dry=*/true);
    const ObserverGuard guard(&observer);
    gate->infer(kX, torch::optional<torch::Tensor>());
    EXPECT_FALSE(gate->has(gate->edge));
  }
  EXPECT_TRUE(gate->has(gate->edge));
}

TEST(LazyModule, InitialisesFromRememberedShapes) {
  Gate gate;
  const weigh::nn::FixedTensor count{.shape = {2}, .options = {}};
  EXPECT_EQ(message_of([&] {
              gate->initialize_from({{"count", count}});
            }),
            "(anonymous namespace)::Gate: the shape of weight is not known");
  EXPECT_EQ(shapes_of(*gate), "weight ?, edge ?, count ?");
  gate->initialize_from({{"weight", {.shape = {3}, .options = {}}},
                         {"edge", {.shape = {}, .options = {}, .is_dropped = true}},
                         {"count", count}});
  EXPECT_EQ(shapes_of(*gate), "weight [3], count [2]");
  EXPECT_EQ(gate->resets, 1);
  gate->initialize_from({});
  EXPECT_EQ(gate->resets, 1);
}

TEST(LazyModule, TellsWhoWatches) {
  Gate gate;
  FakeObserver observer(/*is_dry=*/false);
  const ObserverGuard guard(&observer);
  gate(kX, kE);
  EXPECT_ANY_THROW(gate(torch::ones({2, 7}), kE));
  const std::string name = "(anonymous namespace)::GateImpl";
  EXPECT_EQ(observer.events, (std::vector<std::string>{"enter " + name + " [2, 3][2, 5]", "initialized " + name,
                                                       "leave " + name + " [2, 3]", "enter " + name + " [2, 7][2, 5]",
                                                       "leave " + name + " "}));
}

TEST(LazyModule, NeedsNoSharedPointer) {
  LazyLinearImpl linear(5);
  EXPECT_EQ(linear.forward(kX).sizes(), IntArrayRef({2, 5}));
}

TEST(LazyModule, MayBeUsedTwice) {
  LazyLinear linear(3);
  EXPECT_EQ(linear(linear(kX)).sizes(), IntArrayRef({2, 3}));
  LazyLinear other(5);
  EXPECT_EQ(message_of([&] { other(other(kX)); }),
            "weigh::nn::LazyLinear: initialised with in_features=3, but got 2D input of shape [2, 5]");
}

TEST(LazyModule, SharedParametersAreInitialisedOnce) {
  LazyLinear first(5), second(5);
  second->share(&LazyLinearImpl::weight, first->weight);
  EXPECT_TRUE(second->named_parameters()["weight"].is_same(first->weight));
  const torch::Tensor y = first(kX);
  const torch::Tensor before = first->weight.detach().clone();
  const torch::Tensor z = second(kX);
  EXPECT_TRUE(torch::equal(first->weight, before));
  EXPECT_FALSE(is_uninitialized(second->bias));
  // The second initialisation left the graph of the first forward as it was.
  (y.sum() + z.sum()).backward();
  EXPECT_TRUE(torch::equal(first->weight.grad(), torch::full({5, 3}, 4.0)));
}

TEST(LazyModule, SharedParametersMustFit) {
  LazyLinear first(5), second(5);
  second->share(&LazyLinearImpl::weight, first->weight);
  first(kX);
  EXPECT_EQ(message_of([&] { second(kE); }),
            "weigh::nn::LazyLinear: a tensor shared with another layer, or loaded, has the shape [5, 3], but this "
            "input asks for [5, 5]");
  EXPECT_TRUE(is_uninitialized(second->bias));
}

TEST(LazyModule, ThreadsInitialiseTheirOwn) {
  std::vector<std::thread> threads;
  std::vector<LazyLinear> layers(2, nullptr);
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&, i] {
      for (int n = 0; n < 100; ++n) {
        layers[i] = LazyLinear(4 + i);
        FakeObserver observer(/*is_dry=*/true);
        const ObserverGuard guard(n % 2 ? &observer : nullptr);
        layers[i]->infer(torch::ones({2, 3 + i}));
        ASSERT_EQ(layers[i]->weight.sizes(), IntArrayRef({4 + i, 3 + i}));
        ASSERT_EQ(is_uninitialized(layers[i]->weight), n % 2 == 1);
      }
    });
  }
  for (auto& thread : threads) thread.join();
}

TEST(LazyModule, TrainsWithAnOptimizerBuiltBefore) {
  torch::nn::Sequential net(LazyLinear(8), torch::nn::ReLU(), LazyLinear(1));
  torch::optim::Adam adam(net->parameters(), 0.05);
  torch::manual_seed(3);
  const torch::Tensor x = torch::rand({32, 4}), y = x.sum(1, true);
  double first = 0, last = 0;
  for (int i = 0; i < 50; ++i) {
    adam.zero_grad();
    const torch::Tensor loss = torch::mse_loss(net->forward(x), y);
    loss.backward();
    adam.step();
    last = loss.item<double>();
    if (i == 0) first = last;
  }
  EXPECT_LT(last, first / 10);
}

}  // namespace
