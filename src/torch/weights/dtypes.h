// Element types: libtorch's, ours, and safetensors' names.
#pragma once

#include <optional>
#include <string_view>

#include <torch/torch.h>

#include "weigh/dtype.h"

namespace weigh {

// Nothing where this libtorch has no such type.
std::optional<c10::ScalarType> scalar_type_of(DType dtype);

// "F32". "" where the format has no such type.
std::string_view safetensors_name(c10::ScalarType type);
// The place in safetensors' own order: types with larger elements stand behind.
int safetensors_rank(c10::ScalarType type);

}  // namespace weigh
