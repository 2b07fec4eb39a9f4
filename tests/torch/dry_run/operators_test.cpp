// Operators of real models, run dry: shaped and typed as for real. And those that depend on values.
#include <functional>
#include <string>

#include <gtest/gtest.h>

#include "torch/dry_run/support.h"

namespace {

using torch::Tensor;
using weigh::test::text;
using Function = std::function<c10::IValue(Tensor)>;

struct Case {
  std::string name;
  Function function;
};

struct Empty : torch::nn::Module {};

weigh::Model run_dry(const Function& function, const Tensor& x) {
  Empty module;
  return weigh::describe(module, {x}, [&] { return function(weigh::stand_in(x)); }, {});
}

class Operators : public testing::TestWithParam<Case> {};

TEST_P(Operators, AreShapedAsForReal) {
  const Tensor x = torch::rand({4, 6});
  const Tensor before = x.clone();
  const weigh::Model model = run_dry(GetParam().function, x);
  EXPECT_EQ(weigh::test::notes(model), "");
  EXPECT_TRUE(torch::equal(x, before));
  EXPECT_EQ(text(model.runs[0].out), text(GetParam().function(x)));
}

Tensor index(std::vector<std::int64_t> values) { return torch::tensor(values); }

std::vector<Case> operators() {
  namespace F = torch::nn::functional;
  return {
      {"einsum",
       [](Tensor x) {
         return torch::einsum("ij,kj->ik", {x, x});
       }},
      {"matmul_vector", [](Tensor x) { return x.matmul(x[0]); }},
      {"matmul_broadcast",
       [](Tensor x) {
         return x.expand({3, 4, 6}).matmul(x.t());
       }},
      {"scatter",
       [](Tensor x) {
         return torch::zeros({5, 6}).scatter(0, torch::zeros({4, 6}, torch::kLong), x);
       }},
      {"scatter_add",
       [](Tensor x) {
         return torch::zeros({5, 6}).scatter_add_(0, torch::ones({4, 6}, torch::kLong), x);
       }},
      {"scatter_reduce",
       [](Tensor x) {
         return torch::zeros({5, 6}).scatter_reduce(0, torch::ones({4, 6}, torch::kLong), x, "amax");
       }},
      {"gather",
       [](Tensor x) {
         return x.gather(1, torch::zeros({4, 2}, torch::kLong));
       }},
      {"index_select",
       [](Tensor x) {
         return x.index_select(0, index({1, 0, 3}));
       }},
      {"index_add",
       [](Tensor x) {
         return torch::zeros({9, 6}).index_add(0, index({1, 0, 3, 3}), x);
       }},
      {"index",
       [](Tensor x) {
         return x.index({index({1, 0, 3}), torch::indexing::Slice()});
       }},
      {"index_put",
       [](Tensor x) {
         return x.clone().index_put_({index({1, 0})}, 0.0);
       }},
      {"index_assign",
       [](Tensor x) {
         x = x.clone();
         x.index_put_({torch::indexing::Slice(0, 2)}, 1);
         return x;
       }},
      {"softmax", [](Tensor x) { return x.softmax(-1); }},
      {"topk", [](Tensor x) { return weigh::to_ivalue(x.topk(3)); }},
      {"sort", [](Tensor x) { return weigh::to_ivalue(x.sort(1)); }},
      {"argsort", [](Tensor x) { return x.argsort(std::int64_t{1}, false); }},
      {"argmax", [](Tensor x) { return x.argmax(1); }},
      {"max_dim", [](Tensor x) { return weigh::to_ivalue(x.max(1)); }},
      {"max", [](Tensor x) { return x.max(); }},
      {"median", [](Tensor x) { return weigh::to_ivalue(x.median(1, true)); }},
      {"kthvalue", [](Tensor x) { return weigh::to_ivalue(x.kthvalue(2)); }},
      {"cat",
       [](Tensor x) {
         return torch::cat({x, x}, 1);
       }},
      {"stack",
       [](Tensor x) {
         return torch::stack({x, x}, 1);
       }},
      {"chunk", [](Tensor x) { return weigh::to_ivalue(x.chunk(4, 1)); }},
      {"split",
       [](Tensor x) {
         return weigh::to_ivalue(x.split({1, 2, 3}, 1));
       }},
      {"unbind", [](Tensor x) { return weigh::to_ivalue(x.unbind()); }},
      {"arange", [](Tensor x) { return torch::arange(x.size(0)) + x.t(); }},
      {"linspace", [](Tensor x) { return torch::linspace(0, 1, 6) * x; }},
      {"eye", [](Tensor x) { return torch::eye(4).mm(x); }},
      {"full_like", [](Tensor x) { return torch::full_like(x, 2); }},
      {"where", [](Tensor x) { return torch::where(x > 0.5, x, torch::zeros({1})); }},
      {"where_number", [](Tensor x) { return torch::where(x > 0.5, x, 0.0); }},
      {"masked_fill", [](Tensor x) { return x.masked_fill(x > 0.5, -1); }},
      {"tril", [](Tensor x) { return torch::tril(x); }},
      {"triu_mask",
       [](Tensor x) {
         return torch::full({4, 4}, 1.0).triu(1).to(torch::kBool).logical_not() | (x.t().mm(x)[0][0] > 0);
       }},
      {"cumsum", [](Tensor x) { return x.cumsum(0); }},
      {"logsumexp", [](Tensor x) { return x.logsumexp(1); }},
      {"norm", [](Tensor x) { return x.norm(2, 1, true); }},
      {"var", [](Tensor x) { return x.var(1, false, true); }},
      {"std", [](Tensor x) { return x.std(); }},
      {"mean",
       [](Tensor x) {
         return x.mean(std::vector<std::int64_t>{0, 1});
       }},
      {"prod", [](Tensor x) { return x.prod(); }},
      {"interpolate",
       [](Tensor x) {
         return F::interpolate(
             x.view({1, 1, 4, 6}),
             F::InterpolateFuncOptions().scale_factor(std::vector<double>{2, 2}).mode(torch::kBilinear));
       }},
      {"grid_sample",
       [](Tensor x) {
         return F::grid_sample(x.view({1, 1, 4, 6}), torch::zeros({1, 5, 7, 2}));
       }},
      {"rfft", [](Tensor x) { return torch::fft::rfft(x); }},
      {"irfft", [](Tensor x) { return torch::fft::irfft(torch::fft::rfft(x)); }},
      {"fft2", [](Tensor x) { return torch::fft::fft2(x).abs(); }},
      {"one_hot", [](Tensor x) { return torch::one_hot(x.to(torch::kLong), 3); }},
      {"repeat_interleave", [](Tensor x) { return x.repeat_interleave(3, 1); }},
      {"cdist", [](Tensor x) { return torch::cdist(x, x); }},
      {"roll", [](Tensor x) { return x.roll(1, 0).flip(1); }},
      {"outer", [](Tensor x) { return torch::outer(x[0], x[1]); }},
      {"baddbmm", [](Tensor x) { return torch::baddbmm(torch::zeros({1}), x.unsqueeze(0), x.t().unsqueeze(0)); }},
      {"to_double", [](Tensor x) { return x.to(torch::kDouble) + x; }},
      {"to_device", [](Tensor x) { return x.to(torch::kCPU) + torch::ones({6}, torch::kCPU); }},
      {"to_options", [](Tensor x) { return x.to(x.options().dtype(torch::kHalf)); }},
      {"tensor_of_numbers",
       [](Tensor x) {
         return x + torch::tensor({1, 2, 3, 4, 5, 6});
       }},
      {"tensor_of_vector", [](Tensor x) { return x + torch::tensor(std::vector<double>(6, 1.5)); }},
      {"tensor_nested",
       [](Tensor x) {
         return torch::tensor({{1, 2, 3, 4}}).mm(x.to(torch::kInt).to(torch::kLong));
       }},
      {"in_place", [](Tensor x) { return x.add_(1).mul_(x).clamp_(0, 1).zero_(); }},
      {"in_place_shape", [](Tensor x) { return x.unsqueeze_(0).transpose_(1, 2); }},
      {"relu_in_place", [](Tensor x) { return x.relu_().abs_().logical_and_(x); }},
      {"out",
       [](Tensor x) {
         Tensor result = torch::empty({0});
         torch::add_out(result, x, x);
         return result;
       }},
      {"copy",
       [](Tensor x) {
         return torch::empty({4, 6}).copy_(x);
       }},
      {"new_zeros", [](Tensor x) { return x.new_zeros({3}); }},
      {"permute",
       [](Tensor x) {
         return x.view({2, 2, 6}).permute({2, 0, 1}).contiguous().reshape({-1});
       }},
      {"meshgrid",
       [](Tensor x) {
         return weigh::to_ivalue(torch::meshgrid({torch::arange(3, torch::kFloat), x[0]}, "ij"));
       }},
      {"randn", [](Tensor x) { return torch::randn_like(x) + torch::rand({6}) + torch::randperm(6); }},
      {"bernoulli", [](Tensor x) { return torch::bernoulli(x); }},
      {"dropout", [](Tensor x) { return torch::dropout(x, 0.5, true); }},
      {"multinomial", [](Tensor x) { return x.multinomial(2); }},
      {"clone_detach", [](Tensor x) { return x.detach().clone(); }},
      {"type_promotion", [](Tensor x) { return x.to(torch::kHalf) * 2.0 + torch::scalar_tensor(1.0); }},
      {"cosine", [](Tensor x) { return torch::cosine_similarity(x, x); }},
      {"complex", [](Tensor x) { return torch::view_as_real(torch::polar(x, x)); }},
      {"unfold", [](Tensor x) { return x.unfold(1, 3, 1); }},
      {"bucketize", [](Tensor x) { return torch::bucketize(x, torch::linspace(0, 1, 3)); }},
      {"weight_norm", [](Tensor x) { return torch::_weight_norm(x, x.norm(2, 1, true), 0); }},
      {"triu_indices", [](Tensor x) { return torch::triu_indices(4, 6, 1) + x[0][0]; }},
      {"bincount_free", [](Tensor x) { return x.gt(0.5).sum(0).to(torch::kFloat).mean(); }},
  };
}

INSTANTIATE_TEST_SUITE_P(All, Operators, testing::ValuesIn(operators()),
                         [](const auto& info) { return info.param.name; });

// What depends on values stops the run, and the note tells what and where.
TEST(Values, StopTheRunWithANote) {
  auto note = [](const Function& function) { return weigh::test::notes(run_dry(function, torch::ones({4, 6}))); };
  const std::string where = "data-dependent: Empty: ";
  const std::string advice = "; Forward::real runs the real forward instead\n";
  const std::string values = " gives what depends on values, which a dry run has not" + advice;
  EXPECT_EQ(note([](Tensor x) { return torch::full({2}, x.sum().item<float>()); }), where + "aten::item" + values);
  EXPECT_EQ(note([](Tensor x) { return x.nonzero(); }), where + "aten::nonzero" + values);
  EXPECT_EQ(note([](Tensor x) { return x.masked_select(x > 0); }), where + "aten::masked_select" + values);
  EXPECT_EQ(note([](Tensor x) { return weigh::to_ivalue(torch::_unique(x)); }), where + "aten::_unique" + values);
  EXPECT_EQ(note([](Tensor x) { return torch::equal(x, x + 1) ? x : x + 1; }), where + "aten::equal" + values);
  EXPECT_EQ(note([](Tensor x) { return torch::allclose(x, x) ? x : x + 1; }), where + "aten::allclose" + values);
  EXPECT_EQ(note([](Tensor x) { return x.index({x > 0}); }),
            where + "aten::index has no form that works on shapes alone" + advice);
  EXPECT_EQ(note([](Tensor x) {
              const Tensor y = x + 1;
              return x + y.accessor<float, 2>()[0][0];
            }),
            where + "the forward reads the memory of a tensor, which has none in a dry run, behind aten::add" + advice);
}

TEST(Values, EqualOfOneTensorIsTrue) {
  const weigh::Model model = run_dry([](Tensor x) { return torch::equal(x, x) ? x : x[0]; }, torch::ones({4, 6}));
  EXPECT_EQ(text(model.runs[0].out), "[4, 6]");
  const weigh::Model other = run_dry([](Tensor x) { return torch::equal(x, x.t()) ? x : x[0]; }, torch::ones({4, 6}));
  EXPECT_EQ(text(other.runs[0].out), "[6]");
}

}  // namespace
