// The models of tools/fixtures/fixture_live.py in C++, name for name: those of sequences, and a plain one.
#pragma once

#include <cmath>
#include <limits>

#include <torch/torch.h>

#include "weigh/torch/forward_scope.h"

namespace weigh::testing {

using torch::Tensor;

struct MLPImpl : torch::nn::Module {
  torch::nn::Sequential net =
      register_module("net", torch::nn::Sequential(torch::nn::Linear(32, 64), torch::nn::ReLU(),
                                                   torch::nn::Dropout(0.5), torch::nn::Linear(64, 10)));
  Tensor forward(Tensor x) { return net->forward(x); }
};
TORCH_MODULE(MLP);

struct AttentionImpl : torch::nn::Module {
  AttentionImpl(std::int64_t width, std::int64_t heads, bool is_causal)
      : heads(heads), is_causal(is_causal), qkv(width, 3 * width), proj(width, width) {
    register_module("qkv", qkv);
    register_module("proj", proj);
  }

  Tensor forward(const Tensor& x) {
    nn::ForwardScope scope(*this, x);
    const std::int64_t b = x.size(0);
    const std::int64_t t = x.size(1);
    const std::int64_t c = x.size(2);
    const auto parts = qkv(x).view({b, t, 3, heads, c / heads}).permute({2, 0, 3, 1, 4}).unbind(0);
    Tensor scores = torch::matmul(parts[0], parts[1].transpose(-2, -1)) / std::sqrt(static_cast<double>(c / heads));
    if (is_causal) {
      const Tensor mask = torch::ones({t, t}, torch::kBool).tril();
      scores = scores.masked_fill(mask.logical_not(), -std::numeric_limits<float>::infinity());
    }
    const Tensor mixed = torch::matmul(torch::softmax(scores, -1), parts[2]);
    return scope.returns(proj(mixed.transpose(1, 2).reshape({b, t, c})));
  }

  std::int64_t heads;
  bool is_causal;
  torch::nn::Linear qkv;
  torch::nn::Linear proj;
};
TORCH_MODULE(Attention);

struct BlockImpl : torch::nn::Module {
  BlockImpl(std::int64_t width, std::int64_t heads, bool is_causal)
      : ln1(torch::nn::LayerNormOptions({width})),
        attn(width, heads, is_causal),
        ln2(torch::nn::LayerNormOptions({width})),
        mlp(torch::nn::Linear(width, 4 * width), torch::nn::GELU(), torch::nn::Linear(4 * width, width)) {
    register_module("ln1", ln1);
    register_module("attn", attn);
    register_module("ln2", ln2);
    register_module("mlp", mlp);
  }

  Tensor forward(Tensor x) {
    x = x + attn(ln1(x));
    return x + mlp->forward(ln2(x));
  }

  torch::nn::LayerNorm ln1;
  Attention attn;
  torch::nn::LayerNorm ln2;
  torch::nn::Sequential mlp;
};
TORCH_MODULE(Block);

inline torch::nn::Sequential blocks_of(int count, std::int64_t width, std::int64_t heads, bool is_causal) {
  torch::nn::Sequential blocks;
  for (int i = 0; i < count; ++i) blocks->push_back(Block(width, heads, is_causal));
  return blocks;
}

struct GPTImpl : torch::nn::Module {
  torch::nn::Embedding wte = register_module("wte", torch::nn::Embedding(100, 32));
  torch::nn::Embedding wpe = register_module("wpe", torch::nn::Embedding(16, 32));
  torch::nn::Sequential blocks = register_module("blocks", blocks_of(2, 32, 4, true));
  torch::nn::LayerNorm ln_f = register_module("ln_f", torch::nn::LayerNorm(torch::nn::LayerNormOptions({32})));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(torch::nn::LinearOptions(32, 100).bias(false)));

  GPTImpl() { head->weight.set_data(wte->weight.detach()); }  // tied: the same memory
  Tensor forward(Tensor tokens) {
    const Tensor x = wte(tokens) + wpe(torch::arange(tokens.size(1)));
    return head(ln_f(blocks->forward(x)));
  }
};
TORCH_MODULE(GPT);

struct TaggerImpl : torch::nn::Module {
  torch::nn::Embedding embedding = register_module("embedding", torch::nn::Embedding(50, 16));
  torch::nn::LSTM lstm = register_module(
      "lstm", torch::nn::LSTM(torch::nn::LSTMOptions(16, 24).num_layers(2).batch_first(true).bidirectional(true)));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(48, 9));

  Tensor forward(Tensor tokens) { return head(std::get<0>(lstm(embedding(tokens)))); }
};
TORCH_MODULE(Tagger);

struct ViTImpl : torch::nn::Module {
  Tensor cls_token = register_parameter("cls_token", torch::zeros({1, 1, 48}));
  Tensor positions = register_parameter("positions", torch::zeros({1, 17, 48}));
  torch::nn::Conv2d patches =
      register_module("patches", torch::nn::Conv2d(torch::nn::Conv2dOptions(3, 48, 8).stride(8)));
  torch::nn::Sequential blocks = register_module("blocks", blocks_of(3, 48, 6, false));
  torch::nn::LayerNorm norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({48})));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(48, 10));

  Tensor forward(Tensor x) {
    x = patches(x).flatten(2).transpose(1, 2);
    x = torch::cat({cls_token.expand({x.size(0), -1, -1}), x}, 1) + positions;
    return head(norm(blocks->forward(x)).select(1, 0));
  }
};
TORCH_MODULE(ViT);

}  // namespace weigh::testing
