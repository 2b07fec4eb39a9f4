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

std::int64_t positions(const at::Tensor& tensor) {
  std::int64_t count = 1;
  for (std::int64_t i = 2; i < tensor.dim(); ++i) count *= tensor.size(i);
  return count;
}

// Each weight meets each position of the output once; of a transposed convolution, each position of the input. A weight
// is [out, in / groups, kernel…], or [in, out / groups, kernel…].
Flops convolution(at::ArrayRef<c10::IValue> arguments, const at::Tensor& result) {
  const at::Tensor& input = arguments[0].toTensor();
  const at::Tensor& weight = arguments[1].toTensor();
  const bool transposed = arguments[6].toBool();
  const at::Tensor& met = transposed ? input : result;
  Flops flops;
  flops.forward = product({2, input.size(0), positions(met), weight.numel()});
  if (needs_grad(input) > 0) flops.backward += flops.forward;
  // FlopCounterMode counts the gradient of a grouped weight as if each channel met all of the others: `groups` times
  // it.
  if (needs_grad(weight) > 0) flops.backward += flops.forward;
  return flops;
}

// convolution_backward(grad, input, weight, bias_sizes, stride, padding, dilation, transposed, output_padding, groups,
// output_mask), in a forward that asks for gradients: as much for each that is wanted.
Flops convolution_backward(at::ArrayRef<c10::IValue> arguments, const at::Tensor& /*result*/) {
  const at::Tensor& input = arguments[1].toTensor();
  const at::Tensor& met = arguments[7].toBool() ? input : arguments[0].toTensor();
  const std::uint64_t once = product({2, input.size(0), positions(met), arguments[2].toTensor().numel()});
  const auto wanted = arguments[10].toBoolList();
  return {once * (std::uint64_t{wanted[0]} + std::uint64_t{wanted[1]}), 0};
}

// Queries […, l, e], keys […, s, e], values […, s, v]: scores and their use, as the operators that a kernel has fused.
Flops attention(at::ArrayRef<c10::IValue> arguments, const at::Tensor& /*result*/) {
  const at::Tensor& query = arguments[0].toTensor();
  const at::Tensor& key = arguments[1].toTensor();
  const std::int64_t rows = query.numel() / query.size(-1);
  const std::uint64_t scores = product({2, rows, query.size(-1), key.size(-2)});
  const std::uint64_t use = product({2, rows, key.size(-2), arguments[2].toTensor().size(-1)});
  const std::uint64_t wanted = needs_grad(query) + needs_grad(key);
  return {scores + use, scores * wanted + use * (wanted + needs_grad(arguments[2].toTensor()))};
}

// mkldnn_rnn_layer(input, weights of the input, those of the state, …): a real run's way of one layer of an LSTM. Each
// weight meets each step of each sequence once. Not the gradients: it is no operator of a dry run.
Flops recurrent_layer(at::ArrayRef<c10::IValue> arguments, const at::Tensor& /*result*/) {
  const at::Tensor& input = arguments[0].toTensor();
  const std::int64_t weights = arguments[1].toTensor().numel() + arguments[2].toTensor().numel();
  return {product({2, input.numel() / input.size(-1), weights}), 0};
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
      {"aten::convolution_backward", &convolution_backward},
      {"aten::mkldnn_rnn_layer", &recurrent_layer},
      {"aten::_scaled_dot_product_flash_attention", &attention},
      {"aten::_scaled_dot_product_flash_attention_for_cpu", &attention},
      {"aten::_scaled_dot_product_efficient_attention", &attention},
      {"aten::_scaled_dot_product_cudnn_attention", &attention},
  };
  const auto found = rules.find(operator_name);
  return found == rules.end() ? nullptr : found->second;
}

}  // namespace weigh::dry_run
