#include "dry_run/flops.h"

#include <limits>
#include <map>

namespace weigh::dry_run {
namespace {

std::uint64_t product(std::initializer_list<std::int64_t> sizes) {
  std::uint64_t result = 1;
  for (const std::int64_t size : sizes)
    if (__builtin_mul_overflow(result, static_cast<std::uint64_t>(size), &result))
      return std::numeric_limits<std::uint64_t>::max();
  return result;
}

std::uint64_t needs_grad(const at::Tensor& tensor) { return tensor.defined() && tensor.requires_grad() ? 1 : 0; }

// [m, k] x [k, n] or [b, m, k] x [b, k, n]. Its backward is one product as large for each factor.
Flops matrix_product(const at::Tensor& a, const at::Tensor& b) {
  const std::int64_t batch = a.dim() == 3 ? a.size(0) : 1;
  const std::uint64_t flops = product({2, batch, a.size(-2), a.size(-1), b.size(-1)});
  return {flops, flops * (needs_grad(a) + needs_grad(b))};
}

Flops mm(at::ArrayRef<c10::IValue> arguments, const at::Tensor& /*result*/) {
  return matrix_product(arguments[0].toTensor(), arguments[1].toTensor());
}

Flops addmm(at::ArrayRef<c10::IValue> arguments, const at::Tensor& /*result*/) {
  return matrix_product(arguments[1].toTensor(), arguments[2].toTensor());
}

// Each weight meets each position of the output once; of a transposed convolution, each position of the input. A weight
// is [out, in / groups, kernel…], or [in, out / groups, kernel…].
Flops convolution(at::ArrayRef<c10::IValue> arguments, const at::Tensor& result) {
  const at::Tensor& input = arguments[0].toTensor();
  const at::Tensor& weight = arguments[1].toTensor();
  const bool transposed = arguments[6].toBool();
  auto positions = [](const at::Tensor& tensor) {
    std::int64_t count = 1;
    for (std::int64_t i = 2; i < tensor.dim(); ++i) count *= tensor.size(i);
    return count;
  };
  const at::Tensor& met = transposed ? input : result;
  Flops flops;
  flops.forward = product({2, input.size(0), positions(met), weight.numel()});
  if (needs_grad(input) > 0) flops.backward += flops.forward;
  // FlopCounterMode counts the gradient of a grouped weight as if each channel met all of the others.
  if (needs_grad(weight) > 0)
    flops.backward += product({2, input.size(0), positions(met), positions(weight), input.size(1), result.size(1)});
  return flops;
}

}  // namespace

FlopRule flop_rule(std::string_view operator_name) {
  static const std::map<std::string_view, FlopRule> rules = {
      {"aten::mm", &mm},
      {"aten::addmm", &addmm},
      {"aten::addmm_", &addmm},
      {"aten::bmm", &mm},
      {"aten::baddbmm", &addmm},
      {"aten::baddbmm_", &addmm},
      {"aten::convolution", &convolution},
      {"aten::_convolution", &convolution},
      {"aten::convolution_overrideable", &convolution},
  };
  const auto found = rules.find(operator_name);
  return found == rules.end() ? nullptr : found->second;
}

}  // namespace weigh::dry_run
