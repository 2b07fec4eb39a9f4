// Operators that take shapes from values of integers beside floats that have none: a mask that chooses rows, lengths
// of sequences, places.
#pragma once

#include <string_view>

#include <ATen/core/stack.h>
#include <torch/torch.h>

namespace weigh::dry_run {

class KnownValues;

// `arguments`: those of the operator, which it may replace by others that need no values. Whether it left the result
// itself in their place, as the last of the stack. Throws c10::Error for what libtorch refuses of the values.
using ValueRule = bool (*)(torch::jit::Stack& stack, std::size_t arguments, const KnownValues& known);

// Null for an operator that needs no values beside floats.
ValueRule value_rule(std::string_view operator_name);

}  // namespace weigh::dry_run
