// Models that are described before they exist: lightning_peer.py has the same.
#pragma once

#include <string>
#include <vector>

#include <torch/torch.h>

namespace weigh::bench {

using torch::Tensor;
namespace nn = torch::nn;

// He et al., Deep Residual Learning for Image Recognition: 25,557,032 parameters.
struct BottleneckImpl : nn::Module {
  BottleneckImpl(std::int64_t in, std::int64_t width, std::int64_t stride) {
    auto conv = [&](const char* name, std::int64_t from, std::int64_t to, std::int64_t size, std::int64_t step) {
      return register_module(name,
                             nn::Conv2d(nn::Conv2dOptions(from, to, size).stride(step).padding(size / 2).bias(false)));
    };
    conv1 = conv("conv1", in, width, 1, 1);
    bn1 = register_module("bn1", nn::BatchNorm2d(width));
    conv2 = conv("conv2", width, width, 3, stride);
    bn2 = register_module("bn2", nn::BatchNorm2d(width));
    conv3 = conv("conv3", width, 4 * width, 1, 1);
    bn3 = register_module("bn3", nn::BatchNorm2d(4 * width));
    if (stride == 1 && in == 4 * width) return;
    downsample = register_module(
        "downsample", nn::Sequential(nn::Conv2d(nn::Conv2dOptions(in, 4 * width, 1).stride(stride).bias(false)),
                                     nn::BatchNorm2d(4 * width)));
  }
  Tensor forward(const Tensor& x) {
    const Tensor y = bn3(conv3(torch::relu(bn2(conv2(torch::relu(bn1(conv1(x))))))));
    return torch::relu(y + (downsample ? downsample->forward(x) : x));
  }
  nn::Conv2d conv1{nullptr}, conv2{nullptr}, conv3{nullptr};
  nn::BatchNorm2d bn1{nullptr}, bn2{nullptr}, bn3{nullptr};
  nn::Sequential downsample{nullptr};
};
TORCH_MODULE(Bottleneck);

struct ResNet50Impl : nn::Module {
  nn::Conv2d conv1 = register_module("conv1", nn::Conv2d(nn::Conv2dOptions(3, 64, 7).stride(2).padding(3).bias(false)));
  nn::BatchNorm2d bn1 = register_module("bn1", nn::BatchNorm2d(64));
  nn::Sequential layers = register_module("layers", nn::Sequential());
  nn::Linear fc = register_module("fc", nn::Linear(2048, 1000));

  ResNet50Impl() {
    const int depths[] = {3, 4, 6, 3};
    std::int64_t in = 64;
    for (int stage = 0; stage < 4; ++stage)
      for (int i = 0; i < depths[stage]; ++i) {
        layers->push_back(Bottleneck(in, 64 << stage, i == 0 && stage > 0 ? 2 : 1));
        in = 256 << stage;
      }
  }
  Tensor forward(Tensor x) {
    x = torch::max_pool2d(torch::relu(bn1(conv1(x))), 3, 2, 1);
    return fc(layers->forward(x).mean({2, 3}));
  }
};
TORCH_MODULE(ResNet50);

struct RMSNormImpl : nn::Module {
  explicit RMSNormImpl(std::int64_t width) : weight(register_parameter("weight", torch::ones({width}))) {}
  Tensor forward(const Tensor& x) { return weight * x * torch::rsqrt(x.pow(2).mean(-1, true) + 1e-5); }
  Tensor weight;
};
TORCH_MODULE(RMSNorm);

struct Size {
  std::int64_t layers, width, heads, kv_heads, inner, vocabulary;
};
constexpr Size kLlama70B = {80, 8192, 64, 8, 28672, 32000};  // 68,976,648,192 parameters
constexpr Size kSmall = {12, 768, 12, 4, 2048, 32000};

// Touvron et al., Llama 2. Rotary embeddings are left out: they cost nothing here.
struct LlamaLayerImpl : nn::Module {
  explicit LlamaLayerImpl(const Size& size)
      : heads(size.heads), kv_heads(size.kv_heads), head(size.width / size.heads) {
    auto linear = [&](const char* name, std::int64_t in, std::int64_t out) {
      return register_module(name, nn::Linear(nn::LinearOptions(in, out).bias(false)));
    };
    q = linear("q_proj", size.width, size.width);
    k = linear("k_proj", size.width, kv_heads * head);
    v = linear("v_proj", size.width, kv_heads * head);
    o = linear("o_proj", size.width, size.width);
    gate = linear("gate_proj", size.width, size.inner);
    up = linear("up_proj", size.width, size.inner);
    down = linear("down_proj", size.inner, size.width);
    before = register_module("input_layernorm", RMSNorm(size.width));
    behind = register_module("post_attention_layernorm", RMSNorm(size.width));
  }
  Tensor forward(Tensor x) {
    const std::int64_t length = x.size(1);
    const Tensor y = before(x);
    auto split = [&](const Tensor& t, std::int64_t n) { return t.view({x.size(0), length, n, head}).transpose(1, 2); };
    const std::int64_t repeat = heads / kv_heads;
    const Tensor keys = split(k(y), kv_heads).repeat_interleave(repeat, 1);
    const Tensor values = split(v(y), kv_heads).repeat_interleave(repeat, 1);
    const Tensor weights = (split(q(y), heads).matmul(keys.transpose(-1, -2)) / std::sqrt(head)).softmax(-1);
    x = x + o(weights.matmul(values).transpose(1, 2).reshape(x.sizes()));
    const Tensor z = behind(x);
    return x + down(torch::silu(gate(z)) * up(z));
  }
  std::int64_t heads, kv_heads, head;
  nn::Linear q{nullptr}, k{nullptr}, v{nullptr}, o{nullptr}, gate{nullptr}, up{nullptr}, down{nullptr};
  RMSNorm before{nullptr}, behind{nullptr};
};
TORCH_MODULE(LlamaLayer);

struct LlamaImpl : nn::Module {
  explicit LlamaImpl(const Size& size)
      : embed(register_module("embed_tokens", nn::Embedding(size.vocabulary, size.width))),
        layers(register_module("layers", nn::Sequential())),
        norm(register_module("norm", RMSNorm(size.width))),
        head(register_module("lm_head", nn::Linear(nn::LinearOptions(size.width, size.vocabulary).bias(false)))) {
    for (std::int64_t i = 0; i < size.layers; ++i) layers->push_back(LlamaLayer(size));
  }
  Tensor forward(const Tensor& tokens) { return head(norm(layers->forward(embed(tokens)))); }
  nn::Embedding embed;
  nn::Sequential layers;
  RMSNorm norm;
  nn::Linear head;
};
TORCH_MODULE(Llama);

// Layers of 64 experts, of which each takes the 128 of 4,096 tokens that want it most (Zhou et al., Mixture-of-Experts
// with Expert Choice Routing).
struct MixtureLayerImpl : nn::Module {
  static constexpr std::int64_t kExperts = 64, kWidth = 2048, kInner = 1024, kRoom = 128;
  MixtureLayerImpl() {
    auto linear = [&](const std::string& name, std::int64_t in, std::int64_t out) {
      return register_module(name, nn::Linear(nn::LinearOptions(in, out).bias(false)));
    };
    gate = linear("gate", kWidth, kExperts);
    for (std::int64_t i = 0; i < kExperts; ++i) {
      up.push_back(linear("up" + std::to_string(i), kWidth, kInner));
      down.push_back(linear("down" + std::to_string(i), kInner, kWidth));
    }
  }
  Tensor forward(const Tensor& x) {
    const auto [shares, places] = gate(x).softmax(-1).topk(kRoom, 0);
    const auto tokens = places.unbind(1);
    Tensor sum = torch::zeros_like(x);
    for (std::size_t i = 0; i < up.size(); ++i)
      sum.index_add_(0, tokens[i], down[i](torch::silu(up[i](x.index_select(0, tokens[i])))));
    return x + sum * shares.sum();
  }
  nn::Linear gate{nullptr};
  std::vector<nn::Linear> up, down;
};
TORCH_MODULE(MixtureLayer);

inline nn::Sequential mixture() {
  nn::Sequential layers;
  for (int i = 0; i < 32; ++i) layers->push_back(MixtureLayer());
  return layers;
}

}  // namespace weigh::bench
