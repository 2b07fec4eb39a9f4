// Parameter or buffer, where the file does not say.
#pragma once

#include <span>
#include <string_view>

#include "weigh/dtype.h"
#include "weigh/model.h"

namespace weigh {

// A buffer if its dtype cannot require a gradient, or its name is one of the buffers that PyTorch's and the common
// libraries' modules register ("running_mean", "inv_freq", …; "window_buffer"), or it is GPT-2's causal mask, a "bias"
// [1, 1, n, n]; else a parameter. `name` is the part behind the last dot.
Role infer_role(std::string_view name, DType dtype, std::span<const Extent> shape);

// Whether a module of this name is the input embedding of a language model: "embed_tokens", "wte".
bool is_text_embedding(std::string_view name);

}  // namespace weigh
