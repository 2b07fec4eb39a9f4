// Models with layers that take their shape from an input: initialised before optimizers are made, summarised, told of.
#include <gtest/gtest.h>

#include "support/files.h"
#include "torch/lightning/nets.h"

#include "weigh/error.h"
#include "weigh/torch/graph/gatv2_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/model_summary.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {
namespace {

using testing::quiet;
using weigh::testing::error_of;

struct Graph {
  torch::Tensor x, edges, y;
};
template <class Visit>
void for_each_tensor(Graph& graph, Visit visit) {
  visit(graph.x);
  visit(graph.edges);
  visit(graph.y);
}

std::vector<Graph> graphs() {
  const torch::Tensor edges = torch::tensor({0, 1, 2, 3, 1, 2, 3, 0}).view({2, 4});
  return {{torch::sin(torch::arange(64.0)).view({4, 16}), edges, torch::tensor({0, 1, 0, 1})},
          {torch::cos(torch::arange(64.0)).view({4, 16}), edges, torch::tensor({1, 1, 0, 0})}};
}

class GAT : public LightningModule<Graph> {
 public:
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edges) { return head(torch::elu(conv(x, edges))); }
  torch::Tensor training_step(Graph& graph, std::int64_t) override {
    const torch::Tensor loss = torch::cross_entropy_loss(forward(graph.x, graph.edges), graph.y);
    losses.push_back(loss.item<double>());
    return loss;
  }
  Optimizers configure_optimizers() override {
    return std::make_shared<torch::optim::Adam>(optimised ? optimised(*this) : parameters(), 0.05);
  }
  nn::GATv2Conv conv = register_module("conv", nn::GATv2Conv(-1, 8));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 2));
  std::function<std::vector<torch::Tensor>(GAT&)> optimised;
  std::vector<double> losses;
};

struct WithExample : GAT {
  WithExample() { example_input(*this, torch::zeros({4, 16}), graphs()[0].edges); }
};
struct WithForwardBatch : GAT {
  torch::Tensor forward_batch(Graph& graph) override { return forward(graph.x, graph.edges); }
};

TrainerOptions heard(std::vector<Note>& notes, TrainerOptions options = {}) {
  options = quiet(options);
  options.on_note = [&](const Note& note) { notes.push_back(note); };
  return options;
}

// Which parameters no optimizer holds, when training has begun.
struct Held : Callback {
  void on_train_start(Trainer& trainer, ModuleBase& module) override {
    ready = !nn::has_uninitialized(module);
    const auto& held = trainer.optimizers().at(0).optimizer->param_groups().at(0).params();
    for (const auto& parameter : module.named_parameters()) {
      bool found = false;
      for (const torch::Tensor& tensor : held) found = found || tensor.is_same(parameter.value());
      if (!found) missing.push_back(parameter.key());
    }
  }
  bool ready = false;
  std::vector<std::string> missing;
};

template <class Model>
std::vector<double> trained(bool ready) {
  torch::manual_seed(4);
  Model net;
  std::vector<Note> notes;
  TrainerOptions options = heard(notes, {.max_epochs = 20});
  const auto held = std::make_shared<Held>();
  options.callbacks = {held};
  Trainer(options).fit(net, graphs());
  EXPECT_EQ(held->ready, ready);
  EXPECT_EQ(held->missing, std::vector<std::string>());
  EXPECT_EQ(net.conv->named_parameters().size() + 2, net.parameters().size());
  EXPECT_FALSE(nn::has_uninitialized(net));
  EXPECT_EQ(notes.empty(), ready);
  EXPECT_LT(net.losses.back(), net.losses.front() / 2);
  return net.losses;
}

TEST(Lazy, IsInitialisedByTheExampleInputOrTheFirstBatch) {
  const std::vector<double> by_example = trained<WithExample>(true);
  EXPECT_EQ(trained<WithForwardBatch>(true), by_example);  // the same random numbers are drawn
  EXPECT_EQ(trained<GAT>(false), by_example);              // by the first forward
}

// Of a forward that looks at values of floats, and of one that its example does not fit.
struct WithValues : GAT {
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edges) {
    const torch::Tensor y = torch::elu(conv(x, edges));
    if (y.size(0) == 1) throw std::runtime_error("one node");
    return y.sum().item<float>() < 1e9F ? head(y) : y;
  }
  torch::Tensor training_step(Graph& graph, std::int64_t) override {
    return torch::cross_entropy_loss(forward(graph.x, graph.edges), graph.y);
  }
};

std::string told(const std::vector<Note>& notes) {
  std::string text;
  for (const Note& note : notes) text += note.code + ": " + note.place + ": " + note.message + "\n";
  return text;
}

constexpr const char* kStopped =
    "aten::item gives what depends on values, which a dry run has not; Forward::real runs "
    "the real forward instead";

TrainerOptions summarised(std::vector<Note>& notes) {
  TrainerOptions options = heard(notes, {.max_epochs = 1});
  options.enable_model_summary = true;
  return options;
}

TEST(Lazy, TrainsThoughItsExampleNeedsValues) {
  WithValues net;
  net.example_input(net, torch::zeros({4, 16}), graphs()[0].edges);
  std::vector<Note> notes;
  Trainer(summarised(notes)).fit(net, graphs());
  EXPECT_FALSE(nn::has_uninitialized(net));
  EXPECT_EQ(told(notes), std::string("data-dependent: WithValues: the forward with the example input stopped, and the "
                                     "summary tells what is known: ") +
                             kStopped + "\n");

  WithValues real;
  real.example_input(real, torch::zeros({4, 16}), graphs()[0].edges, Forward::real);
  notes.clear();
  Trainer(summarised(notes)).fit(real, graphs());
  EXPECT_EQ(told(notes), "");
}

TEST(Lazy, TrainsThoughItsExampleThrows) {
  WithValues net;
  net.example_input(net, torch::zeros({1, 16}), torch::zeros({2, 1}, torch::kLong));
  std::vector<Note> notes;
  Trainer(summarised(notes)).fit(net, graphs());
  EXPECT_FALSE(nn::has_uninitialized(net));
  ASSERT_GE(notes.size(), 2U);
  EXPECT_EQ(told({notes[0]}),
            "not-initialized: WithValues: lazy layers are not initialised before training: in "
            "WithValues, behind aten::elu: one node\n");
  EXPECT_EQ(told({notes[1]}),
            "forward-threw: WithValues, behind aten::elu: the forward with the example input stopped, "
            "and the summary tells what is known: it threw: one node\n");
}

TEST(Lazy, SaysWhichParametersAnOptimizerWouldMiss) {
  GAT net;
  net.optimised = [](GAT& self) { return self.head->parameters(); };
  EXPECT_EQ(error_of([&] { Trainer(quiet()).fit(net, graphs()); }),
            "configure_optimizers: parameters without a shape are in no optimizer and would never be trained: "
            "conv.lin_l.weight, conv.lin_r.weight; give the module an example input, example_input(*this, inputs…), or "
            "override forward_batch(), so that it is initialised before configure_optimizers()");
}

TEST(Lazy, SaysWhichParametersWereMadeTooLateForAnOptimizer) {
  struct Late : LightningModule<Graph> {
    torch::Tensor training_step(Graph& graph, std::int64_t) override {
      if (!made) made = register_module("made", torch::nn::Linear(3, 1));
      return made(lazy(graph.x)).sum();
    }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }
    nn::LazyLinear lazy = register_module("lazy", nn::LazyLinear(3));
    torch::nn::Linear made = nullptr;
  } net;
  std::vector<Note> notes;
  EXPECT_EQ(error_of([&] { Trainer(heard(notes)).fit(net, graphs()); }),
            "training_step: the first forward made parameters that no optimizer holds, which would never be trained: "
            "made.weight, made.bias; give the module an example input, example_input(*this, inputs…), or override "
            "forward_batch(), so that it is initialised before configure_optimizers()");
}

TEST(Batches, SayThatTheirTensorsAreNotKnown) {
  struct Closed {
    torch::Tensor x = torch::ones({1, 2});
  };
  struct Net : LightningModule<Closed> {
    torch::Tensor training_step(Closed& batch, std::int64_t) override { return layer(batch.x).sum(); }
    Optimizers configure_optimizers() override { return std::make_shared<torch::optim::SGD>(parameters(), 0.1); }
    torch::nn::Linear layer = register_module("layer", torch::nn::Linear(2, 1));
  } net;
  Trainer(quiet({.max_epochs = 1})).fit(net, std::vector<Closed>(2));  // there is nothing to move
  const std::string refusal = error_of(
      [&] { Trainer(quiet({.max_epochs = 1, .precision = Precision::f64})).fit(net, std::vector<Closed>(2)); });
  EXPECT_TRUE(refusal.starts_with("Net: a batch (weigh::lightning::")) << refusal;
  EXPECT_TRUE(
      refusal.ends_with("Closed) has a part whose tensors are not known, so that it cannot be moved to the device "
                        "or precision of the trainer: write for_each_tensor(batch, visit) for it "
                        "(weigh/lightning/batch.h)"))
      << refusal;
}

TEST(Lazy, IsToldOfOnceForAModel) {
  std::vector<Note> notes;
  GAT net;
  TrainerOptions options = heard(notes, {.max_epochs = 1, .limit_train_batches = 0});
  Trainer(options).fit(net, graphs());
  ASSERT_EQ(notes.size(), 2U);
  EXPECT_EQ(notes[0].code, "uninitialized");
  EXPECT_EQ(notes[0].place, "conv.lin_l");
  EXPECT_EQ(notes[0].message,
            "Linear is not initialised yet (weight [8, in]); call example_input(*this, inputs…) in the constructor of "
            "the module, or override forward_batch(), to have it initialised before training");
  Trainer(options).fit(net, graphs());
  EXPECT_EQ(notes.size(), 2U);
  GAT other;
  options.uninitialized = Uninitialized::silent;
  Trainer(options).fit(other, graphs());
  EXPECT_EQ(notes.size(), 2U);
  options.uninitialized = Uninitialized::error;
  EXPECT_EQ(error_of([&] { Trainer(options).fit(other, graphs()); }),
            "GAT: layers are not initialised when training starts:\n"
            "  conv.lin_l: Linear is not initialised yet (weight [8, in]); call example_input(*this, inputs…) in the "
            "constructor of the module, or override forward_batch(), to have it initialised before training\n"
            "  conv.lin_r: Linear is not initialised yet (weight [8, in]); call example_input(*this, inputs…) in the "
            "constructor of the module, or override forward_batch(), to have it initialised before training");
}

std::string printed(std::shared_ptr<Callback> summary, GAT& net, bool enabled = true) {
  std::ostringstream text;
  std::vector<Note> notes;
  TrainerOptions options = heard(notes, {.max_epochs = 2});
  options.enable_model_summary = enabled;
  options.output = &text;
  if (summary) options.callbacks = {std::move(summary)};
  Trainer(options).fit(net, graphs());
  return text.str();
}

constexpr const char* kTable = R"(WithExample · libtorch, live module · 8 tensors

  Name   Type        Params      Size   Mode    In                  Out      FLOPs
  conv   GATv2Conv      288   1.15 kB   train   [[4, 16], [2, 4]]   [4, 8]   2,048
  head   Linear          18      72 B   train   [4, 8]              [4, 2]     128

  306 parameters · all trainable · 1.224 kB · 2,176 FLOPs forward
)";

TEST(Summary, IsPrintedOnceWithShapesAndFlops) {
  WithExample net;
  EXPECT_EQ(printed(nullptr, net), kTable);
  WithExample other;
  EXPECT_EQ(printed(nullptr, other, false), "");
  WithExample coloured;
  EXPECT_NE(printed(std::make_shared<RichModelSummary>(), coloured).find("\x1b["), std::string::npos);
}

TEST(Summary, WithoutATrainerUsesTheExampleInput) {
  WithExample net;
  const std::string text = weigh::summarize(net).text();
  EXPECT_NE(text.find("[[4, 16], [2, 4]]   [4, 8]   2,048"), std::string::npos) << text;
  const auto without = weigh::summarize(net, LiveOptions{.forward = Forward::none});
  EXPECT_TRUE(without.model().runs.empty());
  EXPECT_EQ(weigh::summarize(std::make_shared<WithExample>()).text(), text);
}

// Its forward looks at a value of a float, which a dry run does not have, before the layer without a shape.
struct Looking : WithExample {
  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edges) {
    return GAT::forward(x.sum().item<double>() < 1e9 ? x : -x, edges);
  }
  Looking() { example_input(*this, torch::zeros({4, 16}), graphs()[0].edges); }
};

TEST(Lazy, IsInitialisedByARealForwardWhereTheDryRunStops) {
  Looking net;
  std::vector<Note> notes;
  TrainerOptions options = heard(notes, {.max_epochs = 1});
  const auto held = std::make_shared<Held>();
  options.callbacks = {held};
  Trainer(options).fit(net, graphs());
  EXPECT_TRUE(held->ready);
  EXPECT_EQ(told(notes),
            std::string("data-dependent: Looking: the dry run that finds the shapes of lazy layers stopped: ") +
                kStopped + ". That was done; what it changed was put back\n");
}

// What forward takes besides tensors: a dictionary, a tuple and a list.
using Dictionary = std::map<std::string, torch::Tensor>;
using Collections = std::tuple<Dictionary, std::tuple<torch::Tensor, torch::Tensor>, std::vector<torch::Tensor>>;

struct Collecting : LightningModule<Collections> {
  torch::Tensor forward(const Dictionary& named, const std::tuple<torch::Tensor, torch::Tensor>& pair,
                        const std::vector<torch::Tensor>& list) {
    return layer(torch::cat({named.at("x"), named.at("y"), std::get<0>(pair), std::get<1>(pair), list[0]}, 1));
  }
  torch::Tensor training_step(Collections& batch, std::int64_t) override {
    seen = torch::toString(std::get<2>(batch)[0].scalar_type());
    return std::apply([&](const auto&... inputs) { return forward(inputs...); }, batch).square().mean();
  }
  Optimizers configure_optimizers() override {
    EXPECT_FALSE(nn::is_uninitialized(layer->weight));
    return std::make_shared<torch::optim::SGD>(parameters(), 0.1);
  }
  nn::LazyLinear layer = register_module("layer", nn::LazyLinear(2));
  std::string seen;
};

TEST(Lazy, TakesDictionariesTuplesAndLists) {
  const auto ones = [](std::int64_t width) { return torch::ones({5, width}); };
  const Collections batch{{{"x", ones(1)}, {"y", ones(2)}}, {ones(3), ones(4)}, {ones(5)}};
  for (const Precision precision : {Precision::f32, Precision::f64}) {
    Collecting net;
    std::apply([&](const auto&... inputs) { net.example_input(net, inputs...); }, batch);
    std::ostringstream text;
    TrainerOptions options = quiet({.max_epochs = 1, .precision = precision});
    options.enable_model_summary = true;
    options.output = &text;
    Trainer(options).fit(net, std::vector<Collections>{batch});
    EXPECT_EQ(net.layer->weight.sizes(), (std::vector<std::int64_t>{2, 15}));
    EXPECT_EQ(net.seen, precision == Precision::f64 ? "Double" : "Float");
    EXPECT_EQ(torch::toString(net.layer->weight.scalar_type()), net.seen);
    EXPECT_NE(text.str().find("[5, 15]   [5, 2]"), std::string::npos) << text.str();
  }
}

TEST(Summary, CanBeOnesOwn) {
  struct Totals : ModelSummary {
    weigh::ModelSummary summarize(Trainer&, ModuleBase& module) override {
      return weigh::ModelSummary(module, weigh::describe(std::as_const(module)), {.depth = 0});
    }
  };
  WithExample net;
  EXPECT_EQ(printed(std::make_shared<Totals>(), net),
            "WithExample · libtorch, live module · 8 tensors\n\n  306 parameters · all trainable · 1.224 kB\n");
}

}  // namespace
}  // namespace weigh::lightning
