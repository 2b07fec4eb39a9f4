// Kinds of models that people write, against equal ones in Python: tests/golden/live/kinds.json
// (tools/fixtures/make_kinds.py). Where values of floats are wanted, what is told is told as a part.
#include "torch/models/kinds.h"

#include <future>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "support/files.h"
#include "torch/dry_run/support.h"
#include "torch/json_of.h"

#include "weigh/error.h"
#include "weigh/torch/lazy_linear.h"

namespace weigh {
namespace {

using testing::Tensor;
using torch::rand;
using Json = nlohmann::json;
using test::line;
using test::message_of;
using test::run;

const Json& expected(const std::string& name) {
  static const Json json = Json::parse(testing::read_file(WEIGH_GOLDEN "/live/kinds.json"));
  return json.at("models").at(name);
}

Tensor longs(std::vector<std::int64_t> values) { return torch::tensor(values, torch::kLong); }
Tensor edges() { return longs({0, 1, 2, 0, 1, 2, 0, 0}).view({2, 4}); }

template <class Holder, class... Inputs>
void expect_as_in_python(const std::string& name, Holder model, const Inputs&... inputs) {
  const Json& python = expected(name);
  for (const Forward forward : {Forward::dry, Forward::real}) {
    const Model dry = describe_with({.forward = forward}, model, inputs...);
    EXPECT_EQ(test::notes(dry), "") << name;
    EXPECT_EQ(dry.runs[0].flops, Count(python.at("flops").get<std::uint64_t>())) << name;
    const Json out = testing::json_of(dry.runs[0].out);
    EXPECT_EQ(python.at("out").size() == 1 ? Json::array({out}) : out, python.at("out")) << name;
  }
  if (python.at("backward").is_null()) return;
  const Model both = describe_with({.with_backward = true}, model, inputs...);
  EXPECT_EQ(both.runs[0].backward_flops, Count(python.at("backward").get<std::uint64_t>())) << name;
}

TEST(Kinds, AreCountedAsInPython) {
  using namespace testing;
  expect_as_in_python("DiffusionUNet", DiffusionUNet(), rand({2, 3, 8, 8}), longs({3, 7}));
  expect_as_in_python("VAE", VAE(), rand({5, 12}));
  expect_as_in_python("DenseMoE", DenseMoE(), rand({6, 8}));
  expect_as_in_python("ExpertChoice", ExpertChoice(), rand({6, 8}));
  expect_as_in_python("HashMoE", HashMoE(), longs({0, 4, 8, 1, 5, 2, 6, 10}));
  expect_as_in_python("Dictionaries", Dictionaries(), rand({5, 8}));
  expect_as_in_python("ConvLSTM", ConvLSTM(), rand({2, 3, 3, 6, 5}));
  expect_as_in_python("MobileBlock", MobileBlock(), rand({2, 8, 7, 7}));
  expect_as_in_python("Heterogeneous", Heterogeneous(), rand({3, 6}), rand({3, 5}), edges(), longs({0, 0, 2}));
  expect_as_in_python("PackedLSTM", PackedLSTM(), rand({3, 5, 3}), longs({5, 3, 2}));
  expect_as_in_python("Integers", Integers(), rand({4, 4}), longs({2, 1, 3}),
                      torch::tensor({1, 0, 1, 1}).to(torch::kBool));
  expect_as_in_python("ForceField", ForceField(), rand({3, 3}), edges());
  expect_as_in_python("EncoderDecoder", EncoderDecoder(), longs({1, 2, 3, 4, 5, 6}).view({3, 2}),
                      longs({1, 2, 3, 4}).view({2, 2}));
  expect_as_in_python("Siamese", Siamese(), rand({2, 1, 5, 5}), rand({2, 1, 5, 5}));
  expect_as_in_python("Zoo", Zoo(), torch::arange(12).remainder(9).view({2, 6}), rand({1, 1, 2, 4, 4}));
  expect_as_in_python("HalfTypes", HalfTypes(), rand({3, 6}).to(torch::kBFloat16));
  expect_as_in_python("Frozen", Frozen(), rand({3, 5}));
  expect_as_in_python("BranchOnSize, 8", BranchOnSize(), rand({8, 4}));
  expect_as_in_python("BranchOnSize, 5", BranchOnSize(), rand({5, 4}));
}

// libtorch 1.13 has no product of float16 for CPUs; a dry run needs none.
TEST(Kinds, OfTypesThatTheProcessorHasNoProductsFor) {
  testing::HalfTypes net(torch::kHalf);
  const Model model = describe(net, rand({3, 6}).to(torch::kHalf));
  EXPECT_EQ(model.runs[0].flops, Count(expected("HalfTypes").at("flops").get<std::uint64_t>()));
  EXPECT_EQ(line(model, ""), "[3, 6] -> [3, 6] x1");
}

TEST(Stopped, AtAValueThatARealForwardHas) {
  testing::BranchOnFloat net;
  const Model dry = describe(net, rand({3, 4}));
  EXPECT_EQ(test::notes(dry),
            "data-dependent: BranchOnFloat: aten::item gives what depends on values, which a dry run has not; "
            "Forward::real runs the real forward instead\n");
  EXPECT_EQ(dry.runs[0].flops.known(), 96U);  // 2·3·4·4 of the layer that ran
  EXPECT_FALSE(dry.runs[0].flops.is_exact());
  EXPECT_EQ(describe_with({.forward = Forward::real}, net, rand({3, 4})).runs[0].flops,
            Count(expected("BranchOnFloat").at("flops").get<std::uint64_t>()));
}

// Of the middle convolution each of 48 channels meets itself: 2·2·49·48·9, for the input and for the weight. The first
// has no gradient of its input. FlopCounterMode counts 48 times 84,672 for the weight, 4,374,720 in all.
TEST(Kinds, GradientsOfGroupedWeightsAreCountedOnce) {
  const Model model = describe_with({.with_backward = true}, *testing::MobileBlock(), rand({2, 8, 7, 7}));
  const std::uint64_t narrow = 2U * 2 * 49 * 48 * 8;
  const std::uint64_t grouped = 2U * 2 * 49 * 48 * 9;
  EXPECT_EQ(model.runs[0].backward_flops, 3 * narrow + 2 * grouped);
}

// 2·6·8·4 of the gate are known to have run; what it takes in all is not.
TEST(Stopped, TellsOnlyWhatIsKnown) {
  testing::TokenChoice net;
  const Model model = describe_with({.with_backward = true}, net, rand({6, 8}));
  EXPECT_EQ(test::notes(model),
            "data-dependent: TokenChoice: aten::nonzero gives what depends on values, which a dry run has not; "
            "Forward::real runs the real forward instead\n");
  for (const char* path : {"", "expert", "expert.up", "head"}) {
    EXPECT_FALSE(run(model, path).flops.is_exact()) << path;
    EXPECT_FALSE(run(model, path).backward_flops.is_exact()) << path;
    EXPECT_FALSE(run(model, path).activation_bytes.is_exact()) << path;
  }
  EXPECT_EQ(model.runs[0].flops.known(), 384U);
  EXPECT_EQ(run(model, "gate").flops, 384U);
  EXPECT_EQ(line(model, "gate"), "[6, 8] -> [6, 4] x1");
  EXPECT_EQ(line(model, "expert"), "? -> ? x?");
  EXPECT_EQ(line(model, "head"), "? -> ? x?");
  EXPECT_TRUE(describe_with({.forward = Forward::real}, net, rand({6, 8})).runs[0].flops.is_exact());
}

// A forward that catches whatever is thrown hides nothing.
TEST(Stopped, IsToldThoughTheForwardGoesOn) {
  struct Net : torch::nn::Module {
    torch::nn::Linear first = register_module("first", torch::nn::Linear(4, 4));
    torch::nn::Linear second = register_module("second", torch::nn::Linear(4, 4));
    Tensor forward(const Tensor& x) {
      const Tensor y = first(x);
      try {
        if (y.sum().item<float>() > 0) return second(second(y));
      } catch (const std::exception&) {
      }
      return second(y);
    }
  } net;
  const Model model = describe(net, rand({2, 4}));
  EXPECT_EQ(model.notes.size(), 1U);
  EXPECT_FALSE(model.runs[0].flops.is_exact());
  EXPECT_EQ(run(model, "first").flops, 64U);
  EXPECT_FALSE(run(model, "second").flops.is_exact());
}

TEST(Stopped, ByAnExceptionWhereThatIsAskedFor) {
  struct Net : torch::nn::Module {
    torch::nn::Linear first = register_module("first", torch::nn::Linear(4, 4));
    torch::nn::Linear second = register_module("second", torch::nn::Linear(4, 4));
    Tensor forward(const Tensor& x) {
      const Tensor y = first(x).relu();
      if (x.size(0) == 2) throw std::out_of_range("two rows");
      return second(y.view({3, 5}));
    }
  } net;
  const Model model = describe_with({.keeps_what_ran = true}, net, rand({2, 4}));
  EXPECT_EQ(test::notes(model), "forward-threw: Net, behind aten::relu: it threw: two rows\n");
  EXPECT_EQ(run(model, "first").flops, 64U);
  EXPECT_FALSE(model.runs[0].flops.is_exact());
  EXPECT_FALSE(run(model, "second").flops.is_exact());
  // and a std::runtime_error of libtorch names layer and operator
  EXPECT_EQ(message_of([&] {
              describe(net, rand({3, 4}));
            }),
            "Net: in Net, aten::view: shape '[3, 5]' is invalid for input of size 12");
}

TEST(Threads, OfTheForwardAreCounted) {
  struct Net : torch::nn::Module {
    torch::nn::Linear first = register_module("first", torch::nn::Linear(4, 4));
    torch::nn::Linear second = register_module("second", torch::nn::Linear(4, 4));
    Tensor forward(const Tensor& x) {
      auto other = std::async(std::launch::async, [&] { return second(x).mm(x.t()); });
      const Tensor theirs = other.get();
      return first(x).sum() + theirs.sum();
    }
  } net;
  const Model dry = describe(net, rand({3, 4}));
  EXPECT_EQ(dry.runs[0].flops, 2U * 2 * 3 * 16 + 2U * 3 * 4 * 3);
  EXPECT_EQ(run(dry, "second").flops, 2U * 3 * 16);
  const Model real = describe_with({.forward = Forward::real}, net, rand({3, 4}));
  EXPECT_FALSE(real.runs[0].flops.is_exact());
  EXPECT_EQ(real.notes.at(0).code, "other-thread");
}

// Values of floats that come of integers alone are known, too.
TEST(Integers, DecideWhatTheyDecide) {
  struct Net : torch::nn::Module {
    torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 4));
    Tensor count = register_buffer("count", torch::zeros({1}, torch::kLong));
    std::function<Tensor(Net&, const Tensor&, const Tensor&)> how;
    Tensor forward(const Tensor& x, const Tensor& ids) { return how(*this, x, ids); }
  } net;
  const Tensor x = rand({5, 4});
  const Tensor ids = longs({0, 3, 3, 1});
  auto out = [&](const std::function<Tensor(Net&, const Tensor&, const Tensor&)>& how) {
    net.how = how;
    const Model model = describe(net, x, ids);
    return test::text(model.runs[0].out) + test::notes(model);
  };
  EXPECT_EQ(out([](Net&, const Tensor& x, const Tensor& ids) {
              return x.narrow(0, 0, static_cast<std::int64_t>(ids.to(torch::kFloat).mean().item<float>() * 2));
            }),
            "[3, 4]");
  EXPECT_EQ(out([](Net& net, const Tensor& x, const Tensor&) {
              net.count.add_(2);
              return x.narrow(0, 0, net.count.item<std::int64_t>());
            }),
            "[2, 4]");
  EXPECT_EQ(net.count.item<std::int64_t>(), 0);  // and is as it was
  EXPECT_EQ(out([](Net&, const Tensor& x, const Tensor& ids) {
              return x.masked_select(ids.eq(3).any().expand({5, 4}));
            }),
            "[20]");
  EXPECT_EQ(out([](Net&, const Tensor& x, const Tensor&) {
              return x.narrow(0, 0, torch::zeros_like(x, torch::kLong).sum().item<std::int64_t>() + 1);
            }),
            "[1, 4]");
  EXPECT_EQ(
      out([](Net&, const Tensor& x, const Tensor& ids) { return torch::one_hot(ids)[0].to(torch::kFloat) + x[0]; }),
      "[4]");
  // What a float wrote into is known no more.
  const std::string stops =
      "?data-dependent: Net: aten::item gives what depends on values, which a dry run has not; "
      "Forward::real runs the real forward instead\n";
  EXPECT_EQ(out([](Net&, const Tensor& x, const Tensor& ids) {
              Tensor sum = torch::zeros({4}, torch::kLong);
              const Tensor view = sum.narrow(0, 0, 2);
              sum.index_add_(0, x.narrow(0, 0, 4).argmax(1), ids);
              return x.narrow(0, 0, view.sum().item<std::int64_t>());
            }),
            stops);
  EXPECT_EQ(
      out([](Net&, const Tensor& x, const Tensor&) { return x.narrow(0, 0, x.argmax(0)[0].item<std::int64_t>()); }),
      stops);
}

TEST(Integers, ThatAreTooManyAreShapes) {
  struct Net : torch::nn::Module {
    Tensor forward(const Tensor& x) {
      return x.narrow(0, 0, torch::ones({1 << 20}, torch::kLong).sum().item<std::int64_t>());
    }
  } net;
  const Model model = describe(net, rand({2, 2}));
  EXPECT_EQ(test::notes(model),
            "data-dependent: Net: aten::item gives what depends on values, which a dry run has not (of integers, too, "
            "where they take more than 4 MiB, or 32 MiB in a run); Forward::real runs the real forward instead\n");
}

TEST(BadIntegers, AreRefusedByName) {
  struct Net : torch::nn::Module {
    std::function<Tensor(const Tensor&)> how;
    Tensor forward(const Tensor& x) { return how(x); }
  } net;
  auto message = [&](const std::function<Tensor(const Tensor&)>& how) {
    net.how = how;
    return message_of([&] { describe(net, rand({2, 3, 4})); });
  };
  EXPECT_EQ(message([](const Tensor& x) {
              return torch::nn::utils::rnn::pack_padded_sequence(x, longs({9, 1}), true).data();
            }),
            "Net: in Net, aten::_pack_padded_sequence: a sequence of length 9 is in a batch of 3 steps");
  EXPECT_EQ(message([](const Tensor& x) { return x.index({torch::ones({3}, torch::kBool)}); }),
            "Net: in Net, aten::index: The shape of the mask [3] at index 0 does not match the shape of the indexed "
            "tensor [2, 3, 4] at index 0");
  EXPECT_EQ(message([](const Tensor& x) {
              return x.index_select(0, longs({1, 2}));
            }),
            "Net: in Net, aten::index_select: place 2 is out of range: there are 2");
  EXPECT_EQ(message([](const Tensor& x) { return x.index({longs({-3})}); }),
            "Net: in Net, aten::index: place -3 is out of range: there are 2");
  EXPECT_EQ(message([](const Tensor& x) {
              return x.repeat_interleave(longs({1, -1}), 0);
            }),
            "Net: in Net, aten::repeat_interleave: repeats can not be negative");
  EXPECT_EQ(
      message_of([&] {
        net.how = [](const Tensor& x) { return x + 1; };
        describe(net, Tensor());
      }),
      "Net: in Net, aten::add: its argument 'self' is an undefined tensor; input 1 of the forward is an undefined "
      "tensor");
}

TEST(ReadsMemoryDeathTest, EndsWithAMessage) {
  struct Net : torch::nn::Module {
    Tensor forward(const Tensor& x) {
      const Tensor y = x.relu();
      return x + *static_cast<const volatile float*>(y.data_ptr());
    }
  } net;
  EXPECT_DEATH(describe(net, rand({2})),
               "a null pointer is read while a forward is run dry, in Net, behind aten::relu. Tensors have no memory");
}

// A backward that waits for its turn does not see that a real forward was run in between.
TEST(RealForward, LeavesNoVersionRaised) {
  struct Net : torch::nn::Module {
    torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 4));
    torch::nn::BatchNorm1d norm = register_module("norm", torch::nn::BatchNorm1d(4));
    Tensor scale = register_buffer("scale", torch::ones({4}));
    Tensor forward(const Tensor& x) {
      const torch::NoGradGuard no_grad;
      scale.add_(1);
      fc->weight.mul_(2);
      return norm(fc(x)) * scale;
    }
  } net;
  net.eval();
  const Tensor x = rand({3, 4});
  const Tensor loss = (net.norm(net.fc(x)) * net.fc->weight.sum() * net.scale).sum();
  const auto version = net.scale._version();
  const Model model = describe_with({.forward = Forward::real}, net, x);
  EXPECT_EQ(net.scale._version(), version);
  EXPECT_TRUE(torch::equal(net.scale, torch::ones({4})));
  EXPECT_NO_THROW(loss.backward());
}

TEST(Attention, IsExactBesideProducts) {
  struct Net : torch::nn::Module {
    torch::nn::MultiheadAttention attention = register_module("attention", torch::nn::MultiheadAttention(8, 2));
    Tensor forward(const Tensor& x) {
      const Tensor y = x.matmul(x.transpose(1, 2)).matmul(x);
      return std::get<0>(attention(y, y, y)).matmul(x.transpose(1, 2));
    }
  } net;
  const Model model = describe(net, rand({5, 3, 8}));
  EXPECT_EQ(run(model, "attention").flops, 2U * 15 * 8 * 24 + 2U * 15 * 8 * 8 + 2U * 2 * 6 * 5 * 5 * 4);
}

TEST(EmbeddingBag, TakesWhatItWasCalledWith) {
  struct Net : torch::nn::Module {
    torch::nn::EmbeddingBag bag =
        register_module("bag", torch::nn::EmbeddingBag(torch::nn::EmbeddingBagOptions(10, 4).mode(torch::kSum)));
    Tensor forward(const Tensor& ids, const Tensor& offsets, const Tensor& weights) {
      return bag(ids, offsets, weights);
    }
  } net;
  const Tensor flat = longs({1, 2, 3, 4, 5, 6});
  EXPECT_EQ(line(describe(net, flat.view({2, 3}), Tensor(), Tensor()), "bag"), "[2, 3] -> [2, 4] x1");
  EXPECT_EQ(line(describe(net, flat.view({2, 3}), Tensor(), rand({2, 3})), "bag"), "[[2, 3], ?, [2, 3]] -> [2, 4] x1");
  EXPECT_EQ(line(describe(net, flat, longs({0, 4}), Tensor()), "bag"), "[[6], [2]] -> [2, 4] x1");
}

}  // namespace
}  // namespace weigh
