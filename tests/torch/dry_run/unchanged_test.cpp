// Looking changes nothing: law 3.
#include <fstream>

#include <gtest/gtest.h>
#include <torch/version.h>
#include <unistd.h>

#include "torch/dry_run/support.h"

#include "weigh/error.h"
#include "weigh/torch/lazy_linear.h"

namespace {

namespace nn = torch::nn;
using torch::Tensor;

enum class End { normal, values, exception, libtorch };

// Does to itself whatever a forward can do.
struct Busy : nn::Module {
  nn::Linear fc = register_module("fc", nn::Linear(4, 4));
  nn::BatchNorm1d norm = register_module("norm", nn::BatchNorm1d(4));
  nn::Dropout dropout = register_module("dropout", nn::Dropout());
  weigh::nn::LazyLinear lazy = register_module("lazy", weigh::nn::LazyLinear(4));
  nn::Sequential rest = register_module("rest", nn::Sequential(nn::Linear(4, 4), nn::ReLU()));
  Tensor count = register_buffer("count", torch::zeros({2}));
  Tensor scale = register_parameter("scale", torch::ones({4}));
  End end = End::normal;

  Tensor forward(Tensor x) {
    train();
    x.add_(1);
    {
      const torch::NoGradGuard no_grad;
      count.add_(1);
      count[0] = 5;
      scale.mul_(2);
      fc->weight.copy_(torch::rand({4, 4}));
      fc->bias.zero_();
      if (fc->weight.grad().defined()) fc->weight.mutable_grad().zero_();
    }
    if (fc->weight.grad().defined()) zero_grad();
    fc->weight.set_requires_grad(false);
    scale.mutable_grad() = Tensor();
    Tensor y = rest->forward(lazy(dropout(norm(fc(x))))) * scale + torch::rand({4});
    torch::manual_seed(99);
    torch::GradMode::set_enabled(true);
    fc->eval();
    if (end == End::values) y = y * y.sum().item<float>() + y.nonzero().size(0);
    if (end == End::exception) throw std::out_of_range("thrown by forward");
    if (end == End::libtorch) y = y.mm(torch::ones({9, 9}));
    return y;
  }
};

struct State {
  std::vector<Tensor> tensors;
  std::vector<Tensor> values;
  std::vector<Tensor> grads;
  std::vector<Tensor> grad_values;
  std::vector<bool> requires_grad;
  std::vector<bool> training;
  std::vector<const void*> memory;
  Tensor random;
  Tensor input;

  State(nn::Module& module, const Tensor& x) : input(x.clone()) {
    auto add = [&](const Tensor& tensor) {
      tensors.push_back(tensor);
      requires_grad.push_back(tensor.requires_grad());
      grads.push_back(tensor.grad());
      grad_values.push_back(tensor.grad().defined() ? tensor.grad().clone() : Tensor());
      const bool has_values = !weigh::nn::is_uninitialized(tensor);
      values.push_back(has_values ? tensor.detach().clone() : Tensor());
      memory.push_back(has_values ? tensor.data_ptr() : nullptr);
    };
    for (const Tensor& tensor : module.parameters()) add(tensor);
    for (const Tensor& tensor : module.buffers()) add(tensor);
    for (const auto& one : module.modules()) training.push_back(one->is_training());
    random = at::detail::getDefaultCPUGenerator().get_state();
  }
};

void expect_same(const State& before, const State& after) {
  ASSERT_EQ(before.tensors.size(), after.tensors.size());
  for (std::size_t i = 0; i < before.tensors.size(); ++i) {
    EXPECT_TRUE(before.tensors[i].is_same(after.tensors[i])) << i;
    ASSERT_EQ(before.values[i].defined(), after.values[i].defined()) << i;
    EXPECT_TRUE(!before.values[i].defined() || torch::equal(before.values[i], after.values[i])) << i;
    EXPECT_TRUE(before.grads[i].is_same(after.grads[i])) << i;
    EXPECT_TRUE(!before.grads[i].defined() || torch::equal(before.grad_values[i], after.grad_values[i])) << i;
  }
  EXPECT_EQ(before.requires_grad, after.requires_grad);
  EXPECT_EQ(before.training, after.training);
  EXPECT_EQ(before.memory, after.memory);
  EXPECT_TRUE(torch::equal(before.random, after.random));
  EXPECT_TRUE(torch::equal(before.input, after.input));
}

class Unchanged : public testing::TestWithParam<std::tuple<weigh::Forward, End>> {};

TEST_P(Unchanged, WhateverTheForwardDoes) {
  const auto [forward, end] = GetParam();
  auto net = std::make_shared<Busy>();
  net->fc->forward(torch::rand({2, 4})).sum().backward();
  net->scale.mutable_grad() = torch::ones({4});
  net->dropout->eval();
  const Tensor x = torch::rand({3, 4});
  torch::manual_seed(3);
  torch::rand({5});
  const State before(*net, x);
  net->end = end;
  const bool grad_mode = torch::GradMode::is_enabled();
  std::string message = "nothing";
  try {
    weigh::describe_with({.forward = forward}, *net, x);
  } catch (const std::exception& error) {
    message = error.what();
  }
  EXPECT_EQ(torch::GradMode::is_enabled(), grad_mode);
  expect_same(before, State(*net, x));
  EXPECT_EQ(message == "Busy: in Busy, behind aten::add: thrown by forward", end == End::exception) << message;
  EXPECT_EQ(message == "Busy: in Busy, aten::mm: mat1 and mat2 shapes cannot be multiplied (3x4 and 9x9)",
            end == End::libtorch)
      << message;
}

INSTANTIATE_TEST_SUITE_P(All, Unchanged,
                         testing::Combine(testing::Values(weigh::Forward::dry, weigh::Forward::real),
                                          testing::Values(End::normal, End::values, End::exception, End::libtorch)));

// Counts what the allocator of the CPU is asked for.
class CountingAllocator final : public c10::Allocator {
 public:
  explicit CountingAllocator(c10::Allocator* inner) : inner_(inner) {}
  // The signature differs between versions of libtorch.
#if defined(TORCH_VERSION_MAJOR) && (TORCH_VERSION_MAJOR > 2 || (TORCH_VERSION_MAJOR == 2 && TORCH_VERSION_MINOR >= 3))
  c10::DataPtr allocate(std::size_t size) override {
    bytes += size;
    return inner_->allocate(size);
  }
  void copy_data(void* to, const void* from, std::size_t count) const override { inner_->copy_data(to, from, count); }
#else
  c10::DataPtr allocate(std::size_t size) const override {
    bytes += size;
    return inner_->allocate(size);
  }
#endif
  c10::DeleterFnPtr raw_deleter() const override { return inner_->raw_deleter(); }

  mutable std::size_t bytes = 0;

 private:
  c10::Allocator* inner_;
};

TEST(Allocations, OfADryRunAreNone) {
  nn::Sequential net(nn::Conv2d(3, 64, 3), nn::BatchNorm2d(64), nn::ReLU(), nn::AdaptiveAvgPool2d(1), nn::Flatten(),
                     weigh::nn::LazyLinear(1000));
  const Tensor x = torch::rand({8, 3, 64, 64});
  c10::Allocator* usual = c10::GetAllocator(c10::kCPU);
  static CountingAllocator counting(usual);
  c10::SetAllocator(c10::kCPU, &counting, /*priority=*/100);
  const weigh::Model model = weigh::describe(net, x);
  c10::SetAllocator(c10::kCPU, usual, /*priority=*/100);
  EXPECT_EQ(model.runs[0].out.extents.size(), 2U);
  EXPECT_LT(counting.bytes, 16U * 1024);  // the state of the random number generator is kept: 5 KB
}

}  // namespace
