// Every module of torch::nn, run dry: what it returns is shaped as what it returns for real.
#include <functional>
#include <string>
#include <tuple>

#include <gtest/gtest.h>

#include "torch/dry_run/support.h"

namespace {

namespace nn = torch::nn;
using torch::rand;
using weigh::test::text;

struct Outcome {
  std::string real;
  std::string dry;
  std::string notes;
};

struct Case {
  std::string name;
  std::function<Outcome()> run;
};

template <class Holder, class... Inputs>
Case of(std::string name, Holder module, Inputs... inputs) {
  return {std::move(name), [=]() mutable {
            Outcome outcome;
            const weigh::Model model = weigh::describe(module, inputs...);
            outcome.dry = text(model.runs[0].out);
            outcome.notes = weigh::test::notes(model);
            module->eval();
            const torch::NoGradGuard no_grad;
            outcome.real = text(weigh::to_ivalue(module->forward(inputs...)));
            return outcome;
          }};
}

class Layer : public testing::TestWithParam<Case> {};

TEST_P(Layer, IsShapedAsForReal) {
  const Outcome outcome = GetParam().run();
  EXPECT_EQ(outcome.dry, outcome.real);
  EXPECT_EQ(outcome.notes, "");
}

std::string name_of(const testing::TestParamInfo<Case>& info) { return info.param.name; }

torch::Tensor labels(torch::IntArrayRef shape, std::int64_t classes) { return torch::randint(classes, shape); }

std::vector<Case> products() {
  return {
      of("Identity", nn::Identity(), rand({2, 3})),
      of("Linear1d", nn::Linear(3, 4), rand({3})),
      of("Linear2d", nn::Linear(3, 4), rand({2, 3})),
      of("Linear3d", nn::Linear(3, 4), rand({2, 5, 3})),
      of("LinearNoBias", nn::Linear(nn::LinearOptions(3, 4).bias(false)), rand({2, 5, 3})),
      of("Bilinear", nn::Bilinear(3, 4, 5), rand({2, 3}), rand({2, 4})),
      of("Flatten", nn::Flatten(), rand({2, 3, 4})),
      of("Unflatten", nn::Unflatten(nn::UnflattenOptions(1, {2, 2})), rand({2, 4})),
      of("Embedding", nn::Embedding(10, 4), labels({2, 3}, 10)),
      of("EmbeddingMaxNorm", nn::Embedding(nn::EmbeddingOptions(10, 4).max_norm(1)), labels({2, 3}, 10)),
      of("EmbeddingBag", nn::EmbeddingBag(10, 4), labels({2, 3}, 10)),
      of("EmbeddingBagMax", nn::EmbeddingBag(nn::EmbeddingBagOptions(10, 4).mode(torch::kMax)), labels({2, 3}, 10)),
      of("PixelShuffle", nn::PixelShuffle(2), rand({1, 8, 3, 3})),
      of("PixelUnshuffle", nn::PixelUnshuffle(2), rand({1, 2, 4, 4})),
      of("Fold", nn::Fold(nn::FoldOptions({4, 5}, {2, 2})), rand({1, 12, 12})),
      of("Unfold", nn::Unfold(nn::UnfoldOptions({2, 2}).padding(1).stride(2)), rand({1, 3, 4, 5})),
      of("CosineSimilarity", nn::CosineSimilarity(), rand({3, 4}), rand({3, 4})),
      of("PairwiseDistance", nn::PairwiseDistance(), rand({3, 4}), rand({3, 4})),
  };
}
INSTANTIATE_TEST_SUITE_P(Products, Layer, testing::ValuesIn(products()), name_of);

std::vector<Case> convolutions() {
  using C1 = nn::Conv1dOptions;
  using C2 = nn::Conv2dOptions;
  using C3 = nn::Conv3dOptions;
  using T1 = nn::ConvTranspose1dOptions;
  using T2 = nn::ConvTranspose2dOptions;
  using T3 = nn::ConvTranspose3dOptions;
  return {
      of("Conv1d", nn::Conv1d(C1(4, 6, 3).stride(2).padding(1).dilation(2)), rand({2, 4, 11})),
      of("Conv1dGroups", nn::Conv1d(C1(4, 6, 3).groups(2)), rand({2, 4, 11})),
      of("Conv1dUnbatched", nn::Conv1d(C1(4, 6, 3)), rand({4, 11})),
      of("Conv2d", nn::Conv2d(C2(3, 6, {3, 5}).stride({2, 1}).padding({1, 2})), rand({2, 3, 9, 9})),
      of("Conv2dSame", nn::Conv2d(C2(3, 6, 4).padding(torch::kSame)), rand({2, 3, 9, 9})),
      of("Conv2dValid", nn::Conv2d(C2(3, 6, 4).padding(torch::kValid)), rand({2, 3, 9, 9})),
      of("Conv2dCircular", nn::Conv2d(C2(3, 6, 3).padding(2).padding_mode(torch::kCircular)), rand({2, 3, 9, 9})),
      of("Conv2dReflect", nn::Conv2d(C2(3, 6, 3).padding(2).padding_mode(torch::kReflect)), rand({2, 3, 9, 9})),
      of("Conv2dReplicate", nn::Conv2d(C2(3, 6, 3).padding(2).padding_mode(torch::kReplicate)), rand({2, 3, 9, 9})),
      of("Conv2dDepthwise", nn::Conv2d(C2(4, 8, 3).groups(4)), rand({2, 4, 9, 9})),
      of("Conv3d", nn::Conv3d(C3(3, 6, 3).stride(2).padding(1)), rand({2, 3, 7, 8, 9})),
      of("ConvTranspose1d", nn::ConvTranspose1d(T1(4, 6, 3).stride(2).padding(1).output_padding(1)), rand({2, 4, 11})),
      of("ConvTranspose2d", nn::ConvTranspose2d(T2(4, 6, 3).stride(2).groups(2).dilation(2)), rand({2, 4, 5, 6})),
      of("ConvTranspose3d", nn::ConvTranspose3d(T3(4, 6, 3)), rand({2, 4, 3, 4, 5})),
  };
}
INSTANTIATE_TEST_SUITE_P(Convolutions, Layer, testing::ValuesIn(convolutions()), name_of);

std::vector<Case> pools() {
  const auto pooled =
      nn::functional::max_pool2d_with_indices(rand({1, 2, 6, 6}), nn::functional::MaxPool2dFuncOptions(2));
  const auto pooled1 =
      nn::functional::max_pool1d_with_indices(rand({1, 2, 6}), nn::functional::MaxPool1dFuncOptions(2));
  const auto pooled3 =
      nn::functional::max_pool3d_with_indices(rand({1, 2, 6, 6, 6}), nn::functional::MaxPool3dFuncOptions(2));
  const auto one = rand({2, 3, 11});
  const auto two = rand({2, 3, 11, 12});
  const auto three = rand({2, 3, 11, 12, 13});
  return {
      of("AvgPool1d", nn::AvgPool1d(nn::AvgPool1dOptions(3).stride(2)), one),
      of("AvgPool2d", nn::AvgPool2d(nn::AvgPool2dOptions({3, 2}).stride(2).padding(1).ceil_mode(true)), two),
      of("AvgPool3d", nn::AvgPool3d(nn::AvgPool3dOptions(2)), three),
      of("MaxPool1d", nn::MaxPool1d(nn::MaxPool1dOptions(3).stride(2).ceil_mode(true)), one),
      of("MaxPool2d", nn::MaxPool2d(nn::MaxPool2dOptions(3).stride(2).padding(1).dilation(2)), two),
      of("MaxPool3d", nn::MaxPool3d(nn::MaxPool3dOptions(3).stride(2).ceil_mode(true)), three),
      of("AdaptiveAvgPool1d", nn::AdaptiveAvgPool1d(5), one),
      of("AdaptiveAvgPool2d", nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions({5, 6})), two),
      of("AdaptiveAvgPool2dOne", nn::AdaptiveAvgPool2d(nn::AdaptiveAvgPool2dOptions({1, 1})), two),
      of("AdaptiveAvgPool3d", nn::AdaptiveAvgPool3d(nn::AdaptiveAvgPool3dOptions({5, 6, 7})), three),
      of("AdaptiveMaxPool1d", nn::AdaptiveMaxPool1d(5), one),
      of("AdaptiveMaxPool2d", nn::AdaptiveMaxPool2d(nn::AdaptiveMaxPool2dOptions({5, 6})), two),
      of("AdaptiveMaxPool3d", nn::AdaptiveMaxPool3d(nn::AdaptiveMaxPool3dOptions({5, 6, 7})), three),
      of("FractionalMaxPool2d", nn::FractionalMaxPool2d(nn::FractionalMaxPool2dOptions(3).output_size(5)), two),
      of("FractionalMaxPool3d", nn::FractionalMaxPool3d(nn::FractionalMaxPool3dOptions(3).output_size(5)), three),
      of("LPPool1d", nn::LPPool1d(nn::LPPool1dOptions(2, 3)), one),
      of("LPPool2d", nn::LPPool2d(nn::LPPool2dOptions(2, 3)), two),
      of("MaxUnpool1d", nn::MaxUnpool1d(2), std::get<0>(pooled1), std::get<1>(pooled1)),
      of("MaxUnpool2d", nn::MaxUnpool2d(2), std::get<0>(pooled), std::get<1>(pooled)),
      of("MaxUnpool3d", nn::MaxUnpool3d(2), std::get<0>(pooled3), std::get<1>(pooled3)),
  };
}
INSTANTIATE_TEST_SUITE_P(Pools, Layer, testing::ValuesIn(pools()), name_of);

std::vector<Case> norms() {
  const auto two = rand({2, 4, 5, 6});
  return {
      of("BatchNorm1d", nn::BatchNorm1d(4), rand({3, 4})),
      of("BatchNorm2d", nn::BatchNorm2d(4), two),
      of("BatchNorm2dStateless", nn::BatchNorm2d(nn::BatchNorm2dOptions(4).track_running_stats(false)), two),
      of("BatchNorm3d", nn::BatchNorm3d(4), rand({2, 4, 3, 3, 3})),
      of("InstanceNorm1d", nn::InstanceNorm1d(4), rand({2, 4, 5})),
      of("InstanceNorm2d", nn::InstanceNorm2d(nn::InstanceNorm2dOptions(4).affine(true)), two),
      of("InstanceNorm3d", nn::InstanceNorm3d(nn::InstanceNorm3dOptions(4).track_running_stats(true)),
         rand({2, 4, 3, 3, 3})),
      of("LayerNorm", nn::LayerNorm(nn::LayerNormOptions({5, 6})), two),
      of("LayerNormPlain", nn::LayerNorm(nn::LayerNormOptions({6}).elementwise_affine(false)), two),
      of("GroupNorm", nn::GroupNorm(2, 4), two),
      of("LocalResponseNorm", nn::LocalResponseNorm(2), two),
      of("CrossMapLRN2d", nn::CrossMapLRN2d(3), two),
      of("Dropout", nn::Dropout(), two),
      of("Dropout2d", nn::Dropout2d(), two),
      of("Dropout3d", nn::Dropout3d(), rand({2, 4, 3, 3, 3})),
      of("AlphaDropout", nn::AlphaDropout(), two),
      of("FeatureAlphaDropout", nn::FeatureAlphaDropout(), two),
  };
}
INSTANTIATE_TEST_SUITE_P(Norms, Layer, testing::ValuesIn(norms()), name_of);

std::vector<Case> recurrences() {
  const auto x = rand({5, 2, 3});
  const auto state = rand({2, 2, 4});
  const auto states = std::make_tuple(state, state);
  return {
      of("RNN", nn::RNN(nn::RNNOptions(3, 4).num_layers(2)), x),
      of("RNNState", nn::RNN(nn::RNNOptions(3, 4).num_layers(2).nonlinearity(torch::kReLU)), x, state),
      of("GRU", nn::GRU(nn::GRUOptions(3, 4).bidirectional(true)), x),
      of("LSTM", nn::LSTM(nn::LSTMOptions(3, 4).num_layers(2).bidirectional(true)), x),
      of("LSTMBatchFirst", nn::LSTM(nn::LSTMOptions(3, 4).batch_first(true)), x),
      of("LSTMProjected", nn::LSTM(nn::LSTMOptions(3, 4).proj_size(2)), x),
      of("LSTMState", nn::LSTM(nn::LSTMOptions(3, 4).num_layers(2)), x,
         torch::optional<std::tuple<torch::Tensor, torch::Tensor>>(states)),
      of("RNNCell", nn::RNNCell(3, 4), rand({2, 3})),
      of("GRUCell", nn::GRUCell(3, 4), rand({2, 3})),
      of("LSTMCell", nn::LSTMCell(3, 4), rand({2, 3})),
  };
}
INSTANTIATE_TEST_SUITE_P(Recurrences, Layer, testing::ValuesIn(recurrences()), name_of);

std::vector<Case> transformers() {
  const auto source = rand({5, 2, 8});
  const auto target = rand({7, 2, 8});
  using Attention = nn::MultiheadAttentionOptions;
  return {
      of("MultiheadAttention", nn::MultiheadAttention(Attention(8, 2)), source, source, source),
      of("MultiheadAttentionCross", nn::MultiheadAttention(Attention(8, 2)), target, source, source),
      of("MultiheadAttentionThree", nn::MultiheadAttention(Attention(8, 2)), source, rand({5, 2, 8}), rand({5, 2, 8})),
      of("MultiheadAttentionSizes", nn::MultiheadAttention(Attention(8, 2).kdim(6).vdim(6)), target, rand({5, 2, 6}),
         rand({5, 2, 6})),
      of("MultiheadAttentionBias", nn::MultiheadAttention(Attention(8, 2).add_bias_kv(true).add_zero_attn(true)),
         source, source, source),
      of("TransformerEncoderLayer", nn::TransformerEncoderLayer(nn::TransformerEncoderLayerOptions(8, 2)), source),
      of("TransformerDecoderLayer", nn::TransformerDecoderLayer(nn::TransformerDecoderLayerOptions(8, 2)), target,
         source),
      of("TransformerEncoder",
         nn::TransformerEncoder(nn::TransformerEncoderOptions(nn::TransformerEncoderLayerOptions(8, 2), 2)), source),
      of("TransformerDecoder",
         nn::TransformerDecoder(nn::TransformerDecoderOptions(nn::TransformerDecoderLayerOptions(8, 2), 2)), target,
         source),
      of("Transformer", nn::Transformer(nn::TransformerOptions(8, 2, 2, 2)), source, target),
  };
}
INSTANTIATE_TEST_SUITE_P(Transformers, Layer, testing::ValuesIn(transformers()), name_of);

std::vector<Case> activations() {
  const auto x = rand({2, 4, 6});
  return {
      of("ELU", nn::ELU(), x),
      of("SELU", nn::SELU(), x),
      of("Hardshrink", nn::Hardshrink(), x),
      of("Hardtanh", nn::Hardtanh(), x),
      of("LeakyReLU", nn::LeakyReLU(), x),
      of("LogSigmoid", nn::LogSigmoid(), x),
      of("Softmax", nn::Softmax(1), x),
      of("Softmin", nn::Softmin(1), x),
      of("LogSoftmax", nn::LogSoftmax(1), x),
      of("Softmax2d", nn::Softmax2d(), rand({2, 4, 5, 6})),
      of("PReLU", nn::PReLU(nn::PReLUOptions().num_parameters(4)), x),
      of("ReLU", nn::ReLU(), x),
      of("ReLUInPlace", nn::ReLU(nn::ReLUOptions().inplace(true)), x),
      of("ReLU6", nn::ReLU6(), x),
      of("RReLU", nn::RReLU(), x),
      of("CELU", nn::CELU(), x),
      of("GLU", nn::GLU(), x),
      of("GELU", nn::GELU(), x),
      of("SiLU", nn::SiLU(), x),
      of("Mish", nn::Mish(), x),
      of("Sigmoid", nn::Sigmoid(), x),
      of("Softplus", nn::Softplus(), x),
      of("Softshrink", nn::Softshrink(), x),
      of("Softsign", nn::Softsign(), x),
      of("Tanh", nn::Tanh(), x),
      of("Tanhshrink", nn::Tanhshrink(), x),
      of("Threshold", nn::Threshold(0.1, 20), x),
  };
}
INSTANTIATE_TEST_SUITE_P(Activations, Layer, testing::ValuesIn(activations()), name_of);

std::vector<Case> paddings() {
  const auto one = rand({2, 3, 8});
  const auto two = rand({2, 3, 8, 9});
  const auto three = rand({2, 3, 8, 9, 10});
  using Up = nn::UpsampleOptions;
  const auto twice = std::vector<double>{2, 2};
  return {
      of("ReflectionPad1d", nn::ReflectionPad1d(2), one),
      of("ReflectionPad2d", nn::ReflectionPad2d(nn::ReflectionPad2dOptions({1, 2, 3, 4})), two),
      of("ReflectionPad3d", nn::ReflectionPad3d(2), three),
      of("ReplicationPad1d", nn::ReplicationPad1d(2), one),
      of("ReplicationPad2d", nn::ReplicationPad2d(2), two),
      of("ReplicationPad3d", nn::ReplicationPad3d(2), three),
      of("ZeroPad2d", nn::ZeroPad2d(2), two),
      of("ConstantPad1d", nn::ConstantPad1d(2, 3.5), one),
      of("ConstantPad2d", nn::ConstantPad2d(2, 3.5), two),
      of("ConstantPad3d", nn::ConstantPad3d(2, 3.5), three),
      of("UpsampleNearest1d", nn::Upsample(Up().scale_factor(std::vector<double>{2}).mode(torch::kNearest)), one),
      of("UpsampleNearest2d", nn::Upsample(Up().scale_factor(twice).mode(torch::kNearest)), two),
      of("UpsampleNearest3d", nn::Upsample(Up().size(std::vector<std::int64_t>{9, 9, 9}).mode(torch::kNearest)), three),
      of("UpsampleLinear", nn::Upsample(Up().size(std::vector<std::int64_t>{5}).mode(torch::kLinear)), one),
      of("UpsampleBilinear", nn::Upsample(Up().scale_factor(twice).mode(torch::kBilinear)), two),
      of("UpsampleBicubic", nn::Upsample(Up().scale_factor(twice).mode(torch::kBicubic)), two),
      of("UpsampleTrilinear", nn::Upsample(Up().size(std::vector<std::int64_t>{5, 6, 7}).mode(torch::kTrilinear)),
         three),
  };
}
INSTANTIATE_TEST_SUITE_P(Paddings, Layer, testing::ValuesIn(paddings()), name_of);

std::vector<Case> losses() {
  const auto x = rand({3, 5});
  const auto y = rand({3, 5});
  const auto classes = labels({3}, 5);
  const auto signs = labels({3}, 2) * 2 - 1;
  const auto lengths = torch::tensor({4, 4, 4});
  return {
      of("L1Loss", nn::L1Loss(), x, y),
      of("KLDivLoss", nn::KLDivLoss(), x, y),
      of("MSELoss", nn::MSELoss(), x, y),
      of("BCELoss", nn::BCELoss(), x, y),
      of("BCELossNone", nn::BCELoss(nn::BCELossOptions().reduction(torch::kNone)), x, y),
      of("HingeEmbeddingLoss", nn::HingeEmbeddingLoss(), x, y),
      of("MultiMarginLoss", nn::MultiMarginLoss(), x, classes),
      of("CosineEmbeddingLoss", nn::CosineEmbeddingLoss(), x, y, signs),
      of("SmoothL1Loss", nn::SmoothL1Loss(), x, y),
      of("HuberLoss", nn::HuberLoss(), x, y),
      of("MultiLabelMarginLoss", nn::MultiLabelMarginLoss(), x, labels({3, 5}, 5)),
      of("SoftMarginLoss", nn::SoftMarginLoss(), x, y),
      of("MultiLabelSoftMarginLoss", nn::MultiLabelSoftMarginLoss(), x, y),
      of("TripletMarginLoss", nn::TripletMarginLoss(), x, y, x),
      of("TripletMarginWithDistanceLoss", nn::TripletMarginWithDistanceLoss(), x, y, x),
      of("CTCLoss", nn::CTCLoss(), rand({10, 3, 6}).log_softmax(2), labels({3, 4}, 5) + 1, torch::tensor({10, 10, 10}),
         lengths),
      of("PoissonNLLLoss", nn::PoissonNLLLoss(), x, y),
      of("MarginRankingLoss", nn::MarginRankingLoss(), rand({3}), rand({3}), signs),
      of("NLLLoss", nn::NLLLoss(), x.log_softmax(1), classes),
      of("NLLLoss2d", nn::NLLLoss(), rand({3, 5, 2, 2}), labels({3, 2, 2}, 5)),
      of("CrossEntropyLoss", nn::CrossEntropyLoss(), x, classes),
      of("BCEWithLogitsLoss", nn::BCEWithLogitsLoss(), x, y),
  };
}
INSTANTIATE_TEST_SUITE_P(Losses, Layer, testing::ValuesIn(losses()), name_of);

}  // namespace
