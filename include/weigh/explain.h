// Why a model is counted as it is.
#pragma once

#include <string>
#include <string_view>

#include "weigh/render.h"

namespace weigh {

// What is known of one tensor, and how: its role, weights, dtype, shape, bytes and tie. Of a module: the tensors below
// it, with what they count as. `name` is a path as the file has it; "" is the whole model. Text that ends with a
// newline. Throws Error(usage) for a name that does not occur; the message tells those nearest to it.
std::string explain(const Summary& summary, std::string_view name, const RenderOptions& options = {});

}  // namespace weigh
