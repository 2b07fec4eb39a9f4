// Models of kinds that people write, as a user of libtorch would: none of them tells anything to a dry run. Those that
// have a like in tools/fixtures/make_kinds.py have its name.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <torch/torch.h>

namespace weigh::testing {

using torch::Tensor;

// Denoises an image at a time step: a way down, attention, a way up with a skip.
struct DiffusionUNetImpl : torch::nn::Module {
  torch::nn::Linear time = register_module("time", torch::nn::Linear(16, 8));
  torch::nn::Conv2d first = conv("first", 3, 8, 1);
  torch::nn::GroupNorm norm = register_module("norm", torch::nn::GroupNorm(2, 8));
  torch::nn::Conv2d down = conv("down", 8, 16, 2);
  torch::nn::Linear qkv = register_module("qkv", torch::nn::Linear(16, 48));
  torch::nn::ConvTranspose2d up =
      register_module("up", torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(16, 8, 2).stride(2)));
  torch::nn::Conv2d last = conv("last", 16, 3, 1);

  torch::nn::Conv2d conv(const char* name, std::int64_t in, std::int64_t out, std::int64_t stride) {
    return register_module(name, torch::nn::Conv2d(torch::nn::Conv2dOptions(in, out, 3).stride(stride).padding(1)));
  }
  Tensor forward(const Tensor& x, const Tensor& step) {
    const Tensor angle = step.unsqueeze(1) * torch::exp(torch::arange(8) * -0.5);
    const Tensor t = time(torch::cat({angle.sin(), angle.cos()}, 1));
    const Tensor skip = torch::silu(norm(first(x)) + t.unsqueeze(-1).unsqueeze(-1));
    const Tensor low = down(skip);
    const auto parts = qkv(low.flatten(2).transpose(1, 2)).chunk(3, -1);
    const Tensor mixed = torch::softmax(parts[0].bmm(parts[1].transpose(1, 2)) / 4, -1).bmm(parts[2]);
    return last(torch::cat({skip, up(low + mixed.transpose(1, 2).reshape(low.sizes()))}, 1));
  }
};
TORCH_MODULE(DiffusionUNet);

struct VAEImpl : torch::nn::Module {
  torch::nn::Linear encode = register_module("encode", torch::nn::Linear(12, 8));
  torch::nn::Linear decode = register_module("decode", torch::nn::Linear(4, 12));
  std::tuple<Tensor, Tensor> forward(const Tensor& x) {
    const auto parts = encode(x).chunk(2, -1);
    const Tensor z = parts[0] + torch::randn_like(parts[0]) * (parts[1] / 2).exp();
    return {torch::sigmoid(decode(z)), (parts[0].pow(2) + parts[1].exp() - parts[1] - 1).sum() / 2};
  }
};
TORCH_MODULE(VAE);

struct ExpertImpl : torch::nn::Module {
  explicit ExpertImpl(std::int64_t width)
      : up(register_module("up", torch::nn::Linear(width, 2 * width))),
        down(register_module("down", torch::nn::Linear(2 * width, width))) {}
  torch::nn::Linear up, down;
  Tensor forward(const Tensor& x) { return down(torch::relu(up(x))); }
};
TORCH_MODULE(Expert);

// Every expert sees every token.
struct DenseMoEImpl : torch::nn::Module {
  torch::nn::Linear gate = register_module("gate", torch::nn::Linear(8, 4));
  std::vector<Expert> experts;
  DenseMoEImpl() {
    for (int i = 0; i < 4; ++i) experts.push_back(register_module("expert" + std::to_string(i), Expert(8)));
  }
  Tensor forward(const Tensor& x) {
    const Tensor shares = gate(x).softmax(-1);
    Tensor sum = torch::zeros_like(x);
    for (std::size_t i = 0; i < experts.size(); ++i)
      sum = sum + experts[i](x) * shares.narrow(1, static_cast<std::int64_t>(i), 1);
    return sum;
  }
};
TORCH_MODULE(DenseMoE);

// Each expert takes the tokens that it wants most: as many as it has room for, wherever they are.
struct ExpertChoiceImpl : torch::nn::Module {
  torch::nn::Linear gate = register_module("gate", torch::nn::Linear(8, 4));
  std::vector<Expert> experts;
  ExpertChoiceImpl() {
    for (int i = 0; i < 4; ++i) experts.push_back(register_module("expert" + std::to_string(i), Expert(8)));
  }
  Tensor forward(const Tensor& x) {
    const auto [weights, places] = gate(x).softmax(-1).topk(3, 0);
    Tensor sum = torch::zeros_like(x);
    for (std::size_t i = 0; i < experts.size(); ++i) {
      const auto e = static_cast<std::int64_t>(i);
      const Tensor mine = places.select(1, e);
      sum.index_add_(0, mine, experts[i](x.index_select(0, mine)) * weights.select(1, e).unsqueeze(1));
    }
    return sum;
  }
};
TORCH_MODULE(ExpertChoice);

// Tokens are sent by what they are: an expert takes those of its numbers.
struct HashMoEImpl : torch::nn::Module {
  torch::nn::Embedding embed = register_module("embed", torch::nn::Embedding(20, 8));
  std::vector<Expert> experts;
  HashMoEImpl() {
    for (int i = 0; i < 4; ++i) experts.push_back(register_module("expert" + std::to_string(i), Expert(8)));
  }
  Tensor forward(const Tensor& ids) {
    const Tensor x = embed(ids);
    Tensor sum = torch::zeros_like(x);
    for (std::size_t i = 0; i < experts.size(); ++i) {
      const Tensor mine = (ids.remainder(4) == static_cast<std::int64_t>(i)).nonzero().squeeze(1);
      if (mine.numel() == 0) continue;
      sum.index_add_(0, mine, experts[i](x.index_select(0, mine)));
    }
    return sum;
  }
};
TORCH_MODULE(HashMoE);

// Which expert a token takes is the value of a float.
struct TokenChoiceImpl : torch::nn::Module {
  torch::nn::Linear gate = register_module("gate", torch::nn::Linear(8, 4));
  Expert expert = register_module("expert", Expert(8));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 2));
  Tensor forward(const Tensor& x) {
    const Tensor chosen = std::get<1>(gate(x).topk(1, -1)).squeeze(1);
    const Tensor mine = (chosen == 0).nonzero().squeeze(1);
    return head(torch::zeros_like(x).index_add(0, mine, expert(x.index_select(0, mine))));
  }
};
TORCH_MODULE(TokenChoice);

// Parameters and modules in dictionaries.
struct DictionariesImpl : torch::nn::Module {
  torch::nn::ModuleDict heads{nullptr};
  torch::nn::ParameterDict scales{nullptr};
  DictionariesImpl() {
    const std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> modules = {
        {"a", torch::nn::Linear(8, 3).ptr()}, {"b", torch::nn::Linear(8, 5).ptr()}};
    heads = register_module("heads", torch::nn::ModuleDict(modules));
    scales = register_module("scales", torch::nn::ParameterDict());
    scales->insert("a", torch::ones({8}).requires_grad_());
    scales->insert("b", torch::ones({8}).requires_grad_());
  }
  std::map<std::string, Tensor> forward(const Tensor& x) {
    std::map<std::string, Tensor> out;
    for (const std::string name : {"a", "b"})
      out[name] = heads[name]->as<torch::nn::Linear>()->forward(x * scales[name]);
    return out;
  }
};
TORCH_MODULE(Dictionaries);

struct ConvLSTMImpl : torch::nn::Module {
  torch::nn::Conv2d gates =
      register_module("gates", torch::nn::Conv2d(torch::nn::Conv2dOptions(3 + 4, 16, 3).padding(1)));
  Tensor forward(const Tensor& x) {  // [batch, time, 3, h, w]
    Tensor h = torch::zeros({x.size(0), 4, x.size(3), x.size(4)}, x.options());
    Tensor c = torch::zeros_like(h);
    for (std::int64_t t = 0; t < x.size(1); ++t) {
      const auto parts = gates(torch::cat({x.select(1, t), h}, 1)).chunk(4, 1);
      c = torch::sigmoid(parts[0]) * c + torch::sigmoid(parts[1]) * torch::tanh(parts[2]);
      h = torch::sigmoid(parts[3]) * torch::tanh(c);
    }
    return h;
  }
};
TORCH_MODULE(ConvLSTM);

// A block of MobileNet: a wide convolution of 1 x 1, one for each channel, a narrow one.
struct MobileBlockImpl : torch::nn::Module {
  torch::nn::Sequential layers = register_module(
      "layers",
      torch::nn::Sequential(
          torch::nn::Conv2d(torch::nn::Conv2dOptions(8, 48, 1).bias(false)), torch::nn::BatchNorm2d(48),
          torch::nn::ReLU6(), torch::nn::Conv2d(torch::nn::Conv2dOptions(48, 48, 3).padding(1).groups(48).bias(false)),
          torch::nn::BatchNorm2d(48), torch::nn::ReLU6(),
          torch::nn::Conv2d(torch::nn::Conv2dOptions(48, 8, 1).bias(false)), torch::nn::BatchNorm2d(8)));
  Tensor forward(const Tensor& x) { return x + layers->forward(x); }
};
TORCH_MODULE(MobileBlock);

// Authors write papers: messages from authors to the papers that are there, and a mean for each graph.
struct HeterogeneousImpl : torch::nn::Module {
  torch::nn::Linear of_author = register_module("of_author", torch::nn::Linear(6, 8));
  torch::nn::Linear of_paper = register_module("of_paper", torch::nn::Linear(5, 8));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 2));
  Tensor forward(const Tensor& authors, const Tensor& papers, const Tensor& writes, const Tensor& batch) {
    const Tensor keep = writes[0] != writes[1];
    const Tensor edges = writes.index({torch::indexing::Slice(), keep});
    const Tensor messages = of_author(authors).index_select(0, edges[0]);
    const Tensor x = torch::relu(of_paper(papers).index_add(0, edges[1], messages));
    const auto graphs = batch.max().item<std::int64_t>() + 1;
    const Tensor sizes = torch::bincount(batch, {}, graphs).clamp_min(1).unsqueeze(1);
    return head(torch::zeros({graphs, 8}).index_add(0, batch, x) / sizes);
  }
};
TORCH_MODULE(Heterogeneous);

// Sequences of several lengths.
struct PackedLSTMImpl : torch::nn::Module {
  torch::nn::LSTM lstm = register_module("lstm", torch::nn::LSTM(torch::nn::LSTMOptions(3, 4).batch_first(true)));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(4, 2));
  Tensor forward(const Tensor& x, const Tensor& lengths) {
    const auto packed = torch::nn::utils::rnn::pack_padded_sequence(x, lengths, true, false);
    const auto out = std::get<0>(lstm->forward_with_packed_input(packed));
    return head(std::get<0>(torch::nn::utils::rnn::pad_packed_sequence(out, true)));
  }
};
TORCH_MODULE(PackedLSTM);

// What integers decide: how often, how many, which.
struct IntegersImpl : torch::nn::Module {
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 4));
  Tensor order = register_buffer("order", torch::tensor({2, 0, 1}));
  Tensor forward(Tensor x, const Tensor& ids, const Tensor& mask) {
    for (std::int64_t i = 0; i < ids.max().item<std::int64_t>(); ++i) x = fc(x);
    x = x.index({mask});                                      // rows that a mask chooses
    x = x.repeat_interleave(ids.index_select(0, order), 0);   // each as often as it is told
    x = x.index_select(0, std::get<0>(torch::_unique(ids)));  // no row twice
    return torch::where(ids.sum() > 3, fc(x), x);
  }
};
TORCH_MODULE(Integers);

// Energies of molecules, and forces: the gradient of the energy.
struct ForceFieldImpl : torch::nn::Module {
  torch::nn::Linear in = register_module("in", torch::nn::Linear(1, 8));
  torch::nn::Linear out = register_module("out", torch::nn::Linear(8, 1));
  std::tuple<Tensor, Tensor> forward(const Tensor& given, const Tensor& edges) {
    const Tensor positions = given.detach().requires_grad_(true);
    const Tensor between = positions.index_select(0, edges[0]) - positions.index_select(0, edges[1]);
    const Tensor distance = between.pow(2).sum(-1, true).sqrt();
    const Tensor energy = out(torch::tanh(in(distance))).sum();
    const auto gradient =
        torch::autograd::grad({energy}, {positions}, /*grad_outputs=*/{}, /*retain_graph=*/true, /*create_graph=*/true);
    return {energy, -gradient[0]};
  }
};
TORCH_MODULE(ForceField);

struct EncoderDecoderImpl : torch::nn::Module {
  torch::nn::Embedding embed = register_module("embed", torch::nn::Embedding(11, 8));
  torch::nn::Transformer transformer = register_module(
      "transformer", torch::nn::Transformer(torch::nn::TransformerOptions(8, 2, 1, 2).dim_feedforward(16)));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(8, 11));
  Tensor forward(const Tensor& source, const Tensor& target) {
    const Tensor mask = torch::nn::TransformerImpl::generate_square_subsequent_mask(target.size(0));
    return head(transformer(embed(source), embed(target), /*src_mask=*/Tensor(), mask));
  }
};
TORCH_MODULE(EncoderDecoder);

// One encoder for two images.
struct SiameseImpl : torch::nn::Module {
  torch::nn::Conv2d conv = register_module("conv", torch::nn::Conv2d(1, 4, 3));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 6));
  Tensor encode(const Tensor& x) { return fc(torch::relu(conv(x)).mean({2, 3})); }
  Tensor forward(const Tensor& left, const Tensor& right) {
    return torch::cosine_similarity(encode(left), encode(right));
  }
};
TORCH_MODULE(Siamese);

// Two dozen operators, each of what the ones before made.
struct ZooImpl : torch::nn::Module {
  torch::nn::Embedding embed = register_module("embed", torch::nn::Embedding(9, 4));
  torch::nn::Conv1d along = register_module("along", torch::nn::Conv1d(torch::nn::Conv1dOptions(4, 6, 3).padding(1)));
  torch::nn::ConvTranspose1d back =
      register_module("back", torch::nn::ConvTranspose1d(torch::nn::ConvTranspose1dOptions(6, 4, 2).stride(2)));
  torch::nn::Conv3d solid = register_module("solid", torch::nn::Conv3d(1, 2, 2));
  torch::nn::LayerNorm norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({4})));
  torch::nn::PReLU slope = register_module("slope", torch::nn::PReLU());
  Tensor square = register_parameter("square", torch::rand({4, 4}));
  std::tuple<Tensor, Tensor> forward(const Tensor& ids, const Tensor& volume) {
    namespace F = torch::nn::functional;
    const Tensor x = embed(ids);
    Tensor y = along(F::pad(x.transpose(1, 2), F::PadFuncOptions({1, 1}).mode(torch::kReflect)));
    y = torch::max_pool1d(slope(y), 2);
    y = back(y).roll(1, 2);
    Tensor z = torch::einsum("bct,cd->bdt", {y, square});
    z = torch::baddbmm(z, z.matmul(z.transpose(1, 2)), z).cumsum(2);
    z = F::interpolate(
        z,
        F::InterpolateFuncOptions().scale_factor(std::vector<double>{2.0}).mode(torch::kLinear).align_corners(false));
    z = torch::adaptive_avg_pool1d(z, 6).transpose(1, 2);
    z = std::get<0>(norm(z).sort(1)).gather(1, ids.remainder(6).unsqueeze(2).expand({2, 6, 4}));
    Tensor s = torch::pixel_shuffle(solid(volume).select(2, 0).repeat({1, 2, 1, 1}), 2);
    s = F::unfold(s, F::UnfoldFuncOptions({3, 3})).logsumexp(1);
    const Tensor t = torch::zeros({2, 4}).scatter_add(1, ids.narrow(1, 0, 4).remainder(4), z.select(1, 0));
    return {torch::glu(torch::addmm(t, z.select(1, 1), square)), s};
  }
};
TORCH_MODULE(Zoo);

struct HalfTypesImpl : torch::nn::Module {
  explicit HalfTypesImpl(torch::ScalarType type = torch::kBFloat16) { to(type); }
  torch::nn::Linear up = register_module("up", torch::nn::Linear(6, 8));
  torch::nn::LayerNorm norm = register_module("norm", torch::nn::LayerNorm(torch::nn::LayerNormOptions({8})));
  torch::nn::Linear down = register_module("down", torch::nn::Linear(8, 6));
  Tensor forward(const Tensor& x) { return down(torch::gelu(norm(up(x)))); }
};
TORCH_MODULE(HalfTypes);

// A backbone that is not trained, an adapter within it that is, and a head.
struct FrozenImpl : torch::nn::Module {
  torch::nn::Linear first = register_module("first", torch::nn::Linear(5, 7));
  torch::nn::Linear adapter = register_module("adapter", torch::nn::Linear(7, 7));
  torch::nn::Linear second = register_module("second", torch::nn::Linear(7, 7));
  torch::nn::Linear head = register_module("head", torch::nn::Linear(7, 3));
  FrozenImpl() {
    for (const auto& layer : {first, second})
      for (Tensor& parameter : layer->parameters()) parameter.set_requires_grad(false);
  }
  Tensor forward(const Tensor& given) {
    const Tensor x = torch::relu(first(given));
    return head(torch::relu(second(x + adapter(x))));
  }
};
TORCH_MODULE(Frozen);

// Pairs of rows become one, until one is left.
struct BranchOnSizeImpl : torch::nn::Module {
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 4));
  Tensor forward(Tensor x) {
    using torch::indexing::None;
    using torch::indexing::Slice;
    if (x.size(0) % 2 == 1) x = torch::nn::functional::pad(x, torch::nn::functional::PadFuncOptions({0, 0, 0, 1}));
    while (x.size(0) > 1) {
      if (x.size(0) % 2 == 0) {
        x = fc(x.index({Slice(0, None, 2)}) + x.index({Slice(1, None, 2)}));
      } else {
        x = x.slice(0, 1);
      }
    }
    return x;
  }
};
TORCH_MODULE(BranchOnSize);

struct BranchOnFloatImpl : torch::nn::Module {
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(4, 4));
  Tensor forward(const Tensor& given) {
    const Tensor x = fc(given);
    return x.abs().sum().item<double>() < 1e9 ? fc(x) : x;
  }
};
TORCH_MODULE(BranchOnFloat);

}  // namespace weigh::testing
