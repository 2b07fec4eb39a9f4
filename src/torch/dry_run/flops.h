// FLOPs of operators in the convention of torch.utils.flop_counter.FlopCounterMode: 2 for a multiply-add of a matrix
// product or convolution; none for anything else.
#pragma once

#include <cstdint>
#include <string_view>

#include <ATen/core/stack.h>
#include <torch/torch.h>

namespace weigh::dry_run {

struct Flops {
  std::uint64_t forward = 0;
  std::uint64_t backward = 0;  // for those inputs that require a gradient
};

// From an operator's arguments and its (first) result.
using FlopRule = Flops (*)(at::ArrayRef<c10::IValue> arguments, const at::Tensor& result);

// Null for an operator that counts nothing.
FlopRule flop_rule(std::string_view operator_name);

}  // namespace weigh::dry_run
