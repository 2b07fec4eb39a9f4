// The models of tools/fixtures/fixture_live.py in C++, name for name: those that convolve.
#pragma once

#include <torch/torch.h>

#include "weigh/torch/forward_scope.h"
#include "weigh/torch/lazy_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/observed.h"

namespace weigh::testing {

using torch::Tensor;
using torch::nn::BatchNorm2d;
using torch::nn::Conv2d;
using torch::nn::Conv2dOptions;
using torch::nn::Sequential;

struct LeNetImpl : torch::nn::Module {
  nn::LazyConv2d conv1 = register_module("conv1", nn::LazyConv2d(nn::LazyConv2dOptions(6, 5).padding(2)));
  nn::LazyConv2d conv2 = register_module("conv2", nn::LazyConv2d(nn::LazyConv2dOptions(16, 5)));
  nn::LazyLinear fc1 = register_module("fc1", nn::LazyLinear(120));
  nn::LazyLinear fc2 = register_module("fc2", nn::LazyLinear(84));
  nn::LazyLinear fc3 = register_module("fc3", nn::LazyLinear(10));

  Tensor forward(Tensor x) {
    x = torch::max_pool2d(torch::relu(conv1(x)), 2);
    x = torch::max_pool2d(torch::relu(conv2(x)), 2);
    x = torch::flatten(x, 1);
    return fc3(torch::relu(fc2(torch::relu(fc1(x)))));
  }
};
TORCH_MODULE(LeNet);

struct BasicBlockImpl : torch::nn::Module {
  BasicBlockImpl(std::int64_t channels_in, std::int64_t channels, std::int64_t stride)
      : conv1(Conv2dOptions(channels_in, channels, 3).stride(stride).padding(1).bias(false)),
        bn1(channels),
        relu(torch::nn::ReLUOptions(/*inplace=*/true)),
        conv2(Conv2dOptions(channels, channels, 3).padding(1).bias(false)),
        bn2(channels) {
    register_module("conv1", conv1);
    register_module("bn1", bn1);
    register_module("relu", relu);
    register_module("conv2", conv2);
    register_module("bn2", bn2);
    if (stride == 1 && channels_in == channels) return;
    downsample = register_module(
        "downsample",
        Sequential(Conv2d(Conv2dOptions(channels_in, channels, 1).stride(stride).bias(false)), BatchNorm2d(channels)));
  }

  Tensor forward(Tensor x) {
    const Tensor out = bn2(conv2(relu(bn1(conv1(x)))));
    const Tensor shortcut = downsample.is_empty() ? x : downsample->forward(x);
    return relu(out + shortcut);
  }

  Conv2d conv1;
  BatchNorm2d bn1;
  nn::Observed<torch::nn::ReLU> relu;
  Conv2d conv2;
  BatchNorm2d bn2;
  Sequential downsample{nullptr};
};
TORCH_MODULE(BasicBlock);

struct ResNet18Impl : torch::nn::Module {
  Conv2d conv1 = register_module("conv1", Conv2d(Conv2dOptions(3, 64, 7).stride(2).padding(3).bias(false)));
  BatchNorm2d bn1 = register_module("bn1", BatchNorm2d(64));
  nn::Observed<torch::nn::ReLU> relu =
      register_module("relu", nn::Observed<torch::nn::ReLU>(torch::nn::ReLUOptions(/*inplace=*/true)));
  nn::Observed<torch::nn::MaxPool2d> maxpool = register_module(
      "maxpool", nn::Observed<torch::nn::MaxPool2d>(torch::nn::MaxPool2dOptions(3).stride(2).padding(1)));
  Sequential layer1 = register_module("layer1", stage(64, 64, 1));
  Sequential layer2 = register_module("layer2", stage(64, 128, 2));
  Sequential layer3 = register_module("layer3", stage(128, 256, 2));
  Sequential layer4 = register_module("layer4", stage(256, 512, 2));
  nn::Observed<torch::nn::AdaptiveAvgPool2d> avgpool =
      register_module("avgpool", nn::Observed<torch::nn::AdaptiveAvgPool2d>(1));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(512, 1000));

  static Sequential stage(std::int64_t channels_in, std::int64_t channels, std::int64_t stride) {
    return Sequential(BasicBlock(channels_in, channels, stride), BasicBlock(channels, channels, 1));
  }

  Tensor forward(Tensor x) {
    x = maxpool(relu(bn1(conv1(x))));
    x = layer4->forward(layer3->forward(layer2->forward(layer1->forward(x))));
    return fc(torch::flatten(avgpool(x), 1));
  }
};
TORCH_MODULE(ResNet18);

struct UNetImpl : torch::nn::Module {
  using ConvTranspose2d = torch::nn::ConvTranspose2d;
  using ConvTranspose2dOptions = torch::nn::ConvTranspose2dOptions;
  Sequential down1 = register_module("down1", stage(Conv2dOptions(1, 8, 3).padding(1)));
  Sequential down2 = register_module("down2", stage(Conv2dOptions(8, 16, 3).stride(2).padding(1)));
  Sequential bottom = register_module("bottom", stage(Conv2dOptions(16, 32, 3).stride(2).padding(2).dilation(2)));
  ConvTranspose2d up2 = register_module("up2", ConvTranspose2d(ConvTranspose2dOptions(32, 16, 2).stride(2)));
  Conv2d merge2 = register_module("merge2", Conv2d(Conv2dOptions(32, 16, 3).padding(1).groups(4)));
  ConvTranspose2d up1 = register_module("up1", ConvTranspose2d(ConvTranspose2dOptions(16, 8, 2).stride(2).groups(2)));
  Conv2d merge1 = register_module("merge1", Conv2d(Conv2dOptions(16, 1, 1)));

  static Sequential stage(const Conv2dOptions& options) { return Sequential(Conv2d(options), torch::nn::ReLU()); }

  Tensor forward(Tensor x) {
    const Tensor fine = down1->forward(x);
    const Tensor coarse = down2->forward(fine);
    x = up2(bottom->forward(coarse));
    x = up1(torch::relu(merge2(torch::cat({x, coarse}, 1))));
    return merge1(torch::cat({x, fine}, 1));
  }
};
TORCH_MODULE(UNet);

}  // namespace weigh::testing
