// Which layers are known to run, and with what.
#include <thread>

#include <gtest/gtest.h>

#include "torch/dry_run/support.h"

#include "weigh/error.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/observed.h"

namespace {

namespace nn = torch::nn;
using torch::rand;
using torch::Tensor;
using weigh::test::line;
using weigh::test::message_of;
using weigh::test::run;

struct Convolutional : nn::Module {
  nn::Conv2d conv =
      register_module("conv", nn::Conv2d(nn::Conv2dOptions(3, 8, 3).padding(1).padding_mode(torch::kCircular)));
  nn::BatchNorm2d norm = register_module("norm", nn::BatchNorm2d(8));
  weigh::nn::Observed<nn::MaxPool2d> pool = register_module("pool", nn::MaxPool2d(2));
  nn::ReLU relu = register_module("relu", nn::ReLU());
  nn::Linear head = register_module("head", nn::Linear(8, 4));
  nn::Linear unused = register_module("unused", nn::Linear(8, 4));
  Tensor forward(const Tensor& x) { return head(relu(pool(norm(conv(x)))).mean({2, 3})); }
};

TEST(Runs, OfLayersCalledByHand) {
  Convolutional net;
  const weigh::Model model = weigh::describe(net, rand({2, 3, 8, 8}));
  EXPECT_EQ(line(model, ""), "[2, 3, 8, 8] -> [2, 4] x1");
  EXPECT_EQ(line(model, "conv"), "[2, 3, 8, 8] -> [2, 8, 8, 8] x1");
  EXPECT_EQ(line(model, "norm"), "[2, 8, 8, 8] -> [2, 8, 8, 8] x1");
  EXPECT_EQ(line(model, "pool"), "[2, 8, 8, 8] -> [2, 8, 4, 4] x1");
  EXPECT_EQ(line(model, "head"), "[2, 8] -> [2, 4] x1");
  EXPECT_EQ(line(model, "relu"), "? -> ? x?");
  EXPECT_EQ(line(model, "unused"), "? -> ? x0");
  EXPECT_EQ(run(model, "relu").witness, weigh::Witness::none);
  EXPECT_EQ(run(model, "unused").witness, weigh::Witness::parts);
  EXPECT_EQ(run(model, "conv").witness, weigh::Witness::operators);
  EXPECT_EQ(run(model, "pool").witness, weigh::Witness::layer);
}

TEST(Runs, OfChildrenOfSequentials) {
  struct Inner : nn::SequentialImpl {
    using nn::SequentialImpl::SequentialImpl;
    Tensor forward(Tensor x) { return nn::SequentialImpl::forward(x); }
  };
  nn::Sequential net(nn::Linear(4, 8), nn::ReLU(), std::make_shared<Inner>(nn::Linear(8, 8), nn::Tanh()),
                     nn::Dropout());
  const weigh::Model model = weigh::describe(net, rand({5, 4}));
  for (const char* path : {"0", "1", "2", "2.0", "2.1", "3"}) {
    EXPECT_EQ(line(model, path), std::string(path == std::string("0") ? "[5, 4]" : "[5, 8]") + " -> [5, 8] x1") << path;
    EXPECT_EQ(run(model, path).witness, weigh::Witness::layer);
  }
  // and they are as they were
  EXPECT_EQ(net->at<nn::LinearImpl>(0).weight.size(0), 8);
  EXPECT_EQ(net->forward(rand({5, 4})).size(1), 8);
}

TEST(Runs, SequentialsMayBeReachedInto) {
  struct Net : nn::Module {
    nn::Sequential layers = register_module("layers", nn::Sequential(nn::Linear(4, 4), nn::ReLU()));
    Tensor forward(Tensor x) {
      x = layers->at<nn::LinearImpl>(0).forward(x);
      x = layers[0]->as<nn::Linear>()->forward(x);
      for (auto& layer : *layers) x = layer.forward<Tensor>(x);
      return layers->forward(x);
    }
  } net;
  const weigh::Model model = weigh::describe(net, rand({5, 4}));
  EXPECT_EQ(run(model, "layers.0").calls, 4U);
  EXPECT_EQ(line(model, "layers"), "[5, 4] -> [5, 4] x2");
}

TEST(Runs, OfRecurrentLayers) {
  struct Net : nn::Module {
    nn::LSTM lstm = register_module("lstm", nn::LSTM(nn::LSTMOptions(3, 4).num_layers(2)));
    nn::GRU gru = register_module("gru", nn::GRU(4, 5));
    nn::LSTMCell cell = register_module("cell", nn::LSTMCell(5, 6));
    Tensor forward(const Tensor& x, const Tensor& state) {
      const Tensor y = std::get<0>(lstm(x));
      const Tensor z = std::get<0>(gru(y, state));
      return std::get<0>(cell(z[0]));
    }
  } net;
  const weigh::Model model = weigh::describe(net, rand({7, 2, 3}), rand({1, 2, 5}));
  EXPECT_EQ(line(model, ""), "[[7, 2, 3], [1, 2, 5]] -> [2, 6] x1");
  EXPECT_EQ(line(model, "lstm"), "[7, 2, 3] -> [[7, 2, 4], [[2, 2, 4], [2, 2, 4]]] x1");
  EXPECT_EQ(line(model, "gru"), "[[7, 2, 4], [1, 2, 5]] -> [[7, 2, 5], [1, 2, 5]] x1");
  EXPECT_EQ(line(model, "cell"), "[2, 5] -> [[2, 6], [2, 6]] x1");
}

TEST(Runs, OfAttention) {
  struct Net : nn::Module {
    nn::MultiheadAttention first = register_module("first", nn::MultiheadAttention(8, 2));
    nn::MultiheadAttention second = register_module("second", nn::MultiheadAttention(8, 2));
    Tensor forward(Tensor x, const Tensor& memory) {
      x = std::get<0>(first(x, x, x));
      return std::get<0>(second->forward(x, memory, memory, {}, /*need_weights=*/false));
    }
  } net;
  const weigh::Model model = weigh::describe(net, rand({5, 2, 8}), rand({7, 2, 8}));
  EXPECT_EQ(line(model, "first"), "[[5, 2, 8], [5, 2, 8], [5, 2, 8]] -> [[5, 2, 8], [2, 5, 5]] x1");
  EXPECT_EQ(line(model, "second"), "[[5, 2, 8], [7, 2, 8], [7, 2, 8]] -> [[5, 2, 8], ?] x1");
  EXPECT_EQ(run(model, "first").flops, 2U * 10 * 8 * 24 + 2U * 2 * 4 * 5 * 5 * 4 + 2U * 10 * 8 * 8);
}

TEST(Runs, OfTransformers) {
  nn::Transformer net(nn::TransformerOptions(8, 2, 2, 2));
  const weigh::Model model = weigh::describe(net, rand({5, 2, 8}), rand({7, 2, 8}));
  EXPECT_EQ(line(model, "encoder.layers.1"), "[5, 2, 8] -> [5, 2, 8] x1");
  EXPECT_EQ(line(model, "decoder.layers.1"), "[[7, 2, 8], [5, 2, 8]] -> [7, 2, 8] x1");
  EXPECT_EQ(line(model, "encoder.norm"), "[5, 2, 8] -> [5, 2, 8] x1");
}

TEST(Runs, OfALayerCalledTwiceAreTheFirst) {
  struct Net : nn::Module {
    nn::Linear fc = register_module("fc", nn::Linear(4, 4));
    weigh::nn::LazyLinear lazy = register_module("lazy", weigh::nn::LazyLinear(4));
    Tensor forward(const Tensor& x) { return lazy(lazy(fc(fc(fc(x).relu())[0]))); }
  } net;
  const weigh::Model model = weigh::describe(net, rand({3, 4}));
  EXPECT_EQ(line(model, "fc"), "[3, 4] -> [3, 4] x3");
  EXPECT_EQ(line(model, "lazy"), "[4] -> [4] x2");
  EXPECT_EQ(run(model, "fc").flops, 2U * 16 * (3 + 3 + 1));
}

TEST(Runs, OfSharedParametersAndModules) {
  struct Net : nn::Module {
    Net() {
      decode->weight = embed->weight;
      register_module("again", shared);
    }
    nn::Embedding embed = register_module("embed", nn::Embedding(10, 4));
    struct DecodeImpl : nn::Module {
      Tensor weight;
    };
    nn::Linear shared = register_module("shared", nn::Linear(4, 4));
    std::shared_ptr<DecodeImpl> decode = std::make_shared<DecodeImpl>();
    Tensor forward(const Tensor& x) { return shared(embed(x)).matmul(decode->weight.t()); }
  } net;
  const weigh::Model model = weigh::describe(net, torch::zeros({2, 3}, torch::kLong));
  EXPECT_EQ(line(model, "shared"), "[2, 3, 4] -> [2, 3, 4] x1");
  EXPECT_EQ(line(model, "again"), "[2, 3, 4] -> [2, 3, 4] x1");
  EXPECT_EQ(line(model, "embed").substr(0, 6), "[2, 3]");
  EXPECT_EQ(model.runs[0].flops, 2U * 6 * 16 + 2U * 6 * 4 * 10);
}

// A layer of one's own with parameters: what it does before and after it uses them, nobody but itself knows.
struct ScoresImpl : nn::Module {
  Tensor key = register_parameter("key", rand({4, 4}));
  Tensor value = register_parameter("value", rand({4, 4}));
  Tensor forward(const Tensor& x) {
    const Tensor scores = x.matmul(key).matmul(x.t());
    return scores.matmul(x.matmul(value)).matmul(x.t());
  }
};
TORCH_MODULE(Scores);

TEST(Runs, OfLayersOfOnesOwnAreKnownIfTheyTell) {
  struct Net : nn::Module {
    Scores scores = register_module("scores", Scores());
    weigh::nn::Observed<Scores> told = register_module("told", Scores());
    Tensor forward(const Tensor& x) { return scores(x) + told(x); }
  } net;
  const weigh::Model model = weigh::describe(net, rand({3, 4}));
  const std::uint64_t own = 2U * 2 * 3 * 4 * 4;    // by the parameters
  const std::uint64_t inner = 2U * 2 * 3 * 3 * 4;  // between them
  const std::uint64_t last = 2U * 3 * 3 * 4;       // after them
  EXPECT_EQ(line(model, "told"), "[3, 4] -> [3, 3] x1");
  EXPECT_EQ(run(model, "told").flops, own + inner + last);
  EXPECT_EQ(line(model, "scores"), "? -> ? x?");
  EXPECT_EQ(run(model, "scores").witness, weigh::Witness::parts);
  EXPECT_FALSE(run(model, "scores").flops.is_exact());
  EXPECT_EQ(run(model, "scores").flops.known(), own + inner / 2);
  EXPECT_EQ(model.runs[0].flops, 2 * (own + inner + last));
}

// Product of two tensors in a module without parameters.
struct ProductImpl : nn::Module {
  Tensor forward(const Tensor& x) { return x.matmul(x.t()); }
};
TORCH_MODULE(Product);

TEST(Runs, DoNotGuessWhoseAnOperatorIs) {
  struct Inner : nn::Module {
    nn::Linear first = register_module("first", nn::Linear(4, 4));
    nn::ReLU relu = register_module("relu", nn::ReLU());
    nn::Linear second = register_module("second", nn::Linear(4, 4));
    Tensor forward(const Tensor& x) { return second(relu(first(x))); }
  };
  struct Net : nn::Module {
    std::shared_ptr<Inner> inner = register_module("inner", std::make_shared<Inner>());
    Product product = register_module("product", Product());
    Tensor forward(const Tensor& x) { return inner->forward(inner->forward(product(inner->forward(x)))); }
  } net;
  const weigh::Model model = weigh::describe(net, rand({4, 4}));
  const std::uint64_t product = 2U * 4 * 4 * 4;  // a linear layer, too
  EXPECT_EQ(line(model, "inner"), "? -> ? x?");
  EXPECT_EQ(run(model, "inner").flops.known(), 6 * product);
  EXPECT_FALSE(run(model, "inner").flops.is_exact());  // the product might be its last operator
  EXPECT_EQ(line(model, "inner.first"), "[4, 4] -> [4, 4] x3");
  EXPECT_EQ(run(model, "inner.first").flops, 3 * product);
  EXPECT_EQ(line(model, "inner.relu"), "? -> ? x?");
  EXPECT_EQ(run(model, "inner.relu").flops, 0U);  // whoever calls it
  EXPECT_FALSE(run(model, "inner.relu").activation_bytes.is_exact());
  EXPECT_EQ(line(model, "product"), "? -> ? x?");
  EXPECT_FALSE(run(model, "product").flops.is_exact());
  EXPECT_EQ(run(model, "product").flops.known(), 0U);
  EXPECT_EQ(model.runs[0].flops, 7 * product);
}

TEST(Runs, OfModulesThatDoNotTellAreExactWhereNoOperatorIsInDoubt) {
  struct Inner : nn::Module {
    nn::Linear first = register_module("first", nn::Linear(4, 4));
    nn::Linear second = register_module("second", nn::Linear(4, 4));
    Tensor forward(const Tensor& x) { return second(first(x).relu()).relu(); }
  };
  struct Net : nn::Module {
    std::shared_ptr<Inner> inner = register_module("inner", std::make_shared<Inner>());
    nn::Linear head = register_module("head", nn::Linear(4, 2));
    Tensor forward(const Tensor& x) { return head(inner->forward(x)); }
  } net;
  const weigh::Model model = weigh::describe(net, rand({3, 4}));
  EXPECT_EQ(run(model, "inner").flops, 2U * 2 * 3 * 4 * 4);
  EXPECT_FALSE(run(model, "inner").activation_bytes.is_exact());
  EXPECT_EQ(run(model, "inner").activation_bytes.known(), 3U * 3 * 4 * 4);
  EXPECT_TRUE(run(model, "head").activation_bytes.is_exact());
}

TEST(Runs, KeepWhatWasKnownWhereValuesAreWanted) {
  struct Net : nn::Module {
    nn::Linear first = register_module("first", nn::Linear(3, 4));
    weigh::nn::LazyLinear second = register_module("second", weigh::nn::LazyLinear(4));
    Tensor forward(const Tensor& x) {
      const Tensor y = first(x);
      return second(y * y.sum().item<float>());
    }
  } net;
  const weigh::Model model = weigh::describe(net, rand({2, 3}));
  EXPECT_EQ(weigh::test::notes(model),
            "data-dependent: Net: aten::item gives what depends on values, which a dry run has not; "
            "Forward::real runs the real forward instead\n");
  EXPECT_EQ(line(model, "first"), "[2, 3] -> [2, 4] x1");
  EXPECT_EQ(line(model, ""), "[2, 3] -> ? x1");
  EXPECT_EQ(line(model, "second"), "? -> ? x?");
  EXPECT_FALSE(model.runs[0].flops.is_exact());
  EXPECT_EQ(model.tensors[2].state, weigh::State::uninitialised);
  EXPECT_FALSE(model.numel(model.tensors[2]).is_exact());

  const weigh::Model real = weigh::describe_with({.forward = weigh::Forward::real}, net, rand({2, 3}));
  EXPECT_EQ(weigh::test::notes(real), "");
  EXPECT_EQ(line(real, ""), "[2, 3] -> [2, 4] x1");
  EXPECT_EQ(line(real, "second"), "[2, 4] -> [2, 4] x1");
  EXPECT_TRUE(weigh::nn::is_uninitialized(net.second->weight));
}

TEST(Runs, OfAnySignature) {
  struct Net : nn::Module {
    nn::Linear fc = register_module("fc", nn::Linear(3, 4));
    std::map<std::string, Tensor> forward(const std::vector<Tensor>& list, const std::tuple<Tensor, int>& tuple,
                                          torch::optional<Tensor> maybe, std::map<std::string, Tensor> dictionary) {
      const Tensor sum = list[0] + list[1] + std::get<0>(tuple) * std::get<1>(tuple) + *maybe;
      return {{"a", fc(sum)}, {"b", dictionary.at("x")}};
    }
  } net;
  const auto x = rand({2, 3});
  const weigh::Model model =
      weigh::describe(net, std::vector<Tensor>{x, x}, std::tuple<Tensor, int>(x, 2), torch::optional<Tensor>(x),
                      std::map<std::string, Tensor>{{"x", rand({5})}});
  EXPECT_EQ(line(model, ""), "[[[2, 3], [2, 3]], [[2, 3], ?], [2, 3], [[5]]] -> [[2, 4], [5]] x1");
  EXPECT_EQ(line(model, "fc"), "[2, 3] -> [2, 4] x1");
}

TEST(Runs, CountActivations) {
  nn::Sequential net(nn::Linear(4, 8), nn::Flatten(), nn::ReLU());
  const weigh::Model model = weigh::describe(net, rand({5, 4}));
  EXPECT_EQ(run(model, "0").activation_bytes, 5U * 8 * 4);
  EXPECT_EQ(run(model, "1").activation_bytes, 0U);  // a view
  EXPECT_EQ(run(model, "2").activation_bytes, 5U * 8 * 4);
  EXPECT_EQ(model.runs[0].activation_bytes, 2U * 5 * 8 * 4);
}

TEST(Runs, OfTwoThreadsAtOnce) {
  auto look = [](std::int64_t width) {
    for (int i = 0; i < 20; ++i) {
      nn::Sequential net(nn::Linear(4, width), weigh::nn::LazyLinear(2));
      const weigh::Model model = weigh::describe(net, rand({5, 4}));
      EXPECT_EQ(line(model, "1"), "[5, " + std::to_string(width) + "] -> [5, 2] x1");
    }
  };
  std::thread other(look, 7);
  look(8);
  other.join();
}

TEST(BadInput, IsRefusedByName) {
  struct Net : nn::Module {
    nn::Linear fc = register_module("fc", nn::Linear(3, 4));
    Tensor forward(const Tensor& x) {
      if (x.dim() == 1) throw std::out_of_range("one dimension");
      if (x.dim() == 4) weigh::describe(fc, x);
      return fc(x);
    }
  } net;
  EXPECT_EQ(message_of([&] {
              weigh::describe(net, rand({2, 5}));
            }),
            "Net: in fc (Linear), aten::addmm: mat1 and mat2 shapes cannot be multiplied (2x5 and 3x4)");
  EXPECT_EQ(message_of([&] {
              weigh::describe(net, torch::zeros({2, 3}, torch::kLong));
            }),
            "Net: in fc (Linear), aten::addmm: expects tensors of one type, but got Float and Long");
  EXPECT_EQ(message_of([&] { weigh::describe(net, rand({3})); }), "Net: in Net: one dimension");
  EXPECT_EQ(message_of([&] {
              weigh::describe(net, rand({1, 1, 1, 3}));
            }),
            "Net: in Net: Linear: a forward is being watched on this thread already");
  nn::Sequential sequential(nn::Linear(3, 4));
  EXPECT_EQ(
      message_of([&] {
        weigh::describe(sequential, rand({2, 3}), rand({2, 3}));
      }),
      "Sequential: in Sequential: torch::nn::LinearImpl's forward() method expects 1 argument(s), but received 2.");
  nn::Embedding embedding(10, 3);
  EXPECT_EQ(message_of([&] { weigh::describe(embedding, rand({2})); }),
            "Embedding: in Embedding, aten::embedding: indices are of type Int or Long, not Float");
}

}  // namespace
