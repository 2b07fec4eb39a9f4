// A live module as a Model, without a forward.
#include "weigh/torch/describe.h"

#include <gtest/gtest.h>

#include "torch/dry_run/support.h"

#include "weigh/torch/lazy_linear.h"

namespace {

namespace nn = torch::nn;
using weigh::test::find;

std::string tensors(const weigh::Model& model) {
  std::string result;
  for (const weigh::Tensor& tensor : model.tensors) {
    result += model.path_of(tensor) + " [";
    if (!tensor.rank_known()) result += "?";
    for (int i = 0; i < tensor.rank && tensor.rank_known(); ++i) {
      const weigh::Extent extent = model.shape_begin(tensor)[i];
      result += i > 0 ? ", " : "";
      result += extent.is_known() ? std::to_string(extent.size()) : std::string(model.symbols[extent.symbol()].name);
    }
    result += "] " + std::string(name(tensor.dtype));
    if (tensor.role == weigh::Role::buffer) result += " buffer";
    if (tensor.requires_grad == weigh::RequiresGrad::yes) result += " grad";
    if (tensor.state == weigh::State::uninitialised) result += " uninitialised";
    if (tensor.state == weigh::State::meta) result += " meta";
    if (tensor.tied_to != weigh::kNone) result += " = " + model.path_of(model.tensors[tensor.tied_to]);
    result += "\n";
  }
  return result;
}

std::string modules(const weigh::Model& model) {
  std::string result;
  for (weigh::Index i = 0; i < model.modules.size(); ++i) {
    const weigh::Module& module = model.modules[i];
    result += model.path_of(i) + " " + std::string(module.type);
    if (module.mode == weigh::Mode::eval) result += " eval";
    if (module.lazy) result += " lazy";
    if (module.alias_of != weigh::kNone) result += " = " + model.path_of(module.alias_of);
    result += "\n";
  }
  return result;
}

template <class Inner>
struct BoxImpl : nn::Module {
  Inner inner = register_module("inner", Inner(2, 3));
};

struct Net : nn::Module {
  Net() {
    conv->weight.set_requires_grad(false);
    head->weight = head->replace(embed->weight);
    norm->eval();
    register_module("again", norm.ptr());
  }
  struct TiedImpl : nn::Module {
    torch::Tensor weight = register_parameter("weight", torch::ones({5, 4}));
    torch::Tensor replace(const torch::Tensor& other) { return parameters_["weight"] = other; }
  };
  TORCH_MODULE(Tied);
  nn::Conv2d conv = register_module("conv", nn::Conv2d(nn::Conv2dOptions(3, 8, 3).bias(false)));
  nn::BatchNorm1d norm = register_module("norm", nn::BatchNorm1d(2));
  nn::Embedding embed = register_module("embed", nn::Embedding(5, 4));
  Tied head = register_module("head", Tied());
  nn::Sequential rest = register_module("rest", nn::Sequential(nn::ReLU(), nn::Dropout()));
  std::shared_ptr<BoxImpl<nn::Linear>> box = register_module("box", std::make_shared<BoxImpl<nn::Linear>>());
  weigh::nn::LazyLinear lazy = register_module("lazy", weigh::nn::LazyLinear(4));
  torch::Tensor mask = register_buffer("mask", torch::ones({2}, torch::kBool));
};

TEST(Describe, NamesModulesAndTensors) {
  const weigh::Model model = weigh::describe(Net());
  EXPECT_EQ(modules(model),
            " Net\n"
            "conv Conv2d\n"
            "norm BatchNorm1d eval\n"
            "embed Embedding\n"
            "head Tied\n"
            "rest Sequential\n"
            "rest.0 ReLU\n"
            "rest.1 Dropout\n"
            "box Box<Linear>\n"
            "box.inner Linear\n"
            "lazy LazyLinear lazy\n"
            "again BatchNorm1d eval = norm\n");
  EXPECT_EQ(tensors(model),
            "mask [2] bool buffer\n"
            "conv.weight [8, 3, 3, 3] float32\n"
            "norm.weight [2] float32 grad\n"
            "norm.bias [2] float32 grad\n"
            "norm.running_mean [2] float32 buffer\n"
            "norm.running_var [2] float32 buffer\n"
            "norm.num_batches_tracked [] int64 buffer\n"
            "embed.weight [5, 4] float32 grad\n"
            "head.weight [5, 4] float32 grad = embed.weight\n"
            "box.inner.weight [3, 2] float32 grad\n"
            "box.inner.bias [3] float32 grad\n"
            "lazy.weight [4, in] float32 grad uninitialised\n"
            "lazy.bias [4] float32 grad uninitialised\n");
  EXPECT_TRUE(model.runs.empty());
  EXPECT_EQ(model.architecture, "Net");
  EXPECT_EQ(model.format, "libtorch");
  EXPECT_EQ(model.tensors[1].stored_bytes, 8U * 27 * 4);
}

TEST(Describe, TakesHolders) {
  const nn::Linear linear(2, 3);
  EXPECT_EQ(modules(weigh::describe(linear)), " Linear\n");
}

// The forward finds the shapes of lazy layers; the tensors stay uninitialised.
TEST(Describe, FindsTheShapesOfLazyLayers) {
  nn::Sequential net(weigh::nn::LazyLinear(64), nn::ReLU(), weigh::nn::LazyLinear(2));
  const weigh::Model model = weigh::describe(net, torch::rand({4, 16}));
  EXPECT_EQ(tensors(model),
            "0.weight [64, 16] float32 grad uninitialised\n"
            "0.bias [64] float32 grad uninitialised\n"
            "2.weight [2, 64] float32 grad uninitialised\n"
            "2.bias [2] float32 grad uninitialised\n");
  EXPECT_EQ(weigh::test::line(model, "2"), "[4, 64] -> [4, 2] x1");
  EXPECT_TRUE(weigh::nn::has_uninitialized(*net));
}

}  // namespace
