// Modules and tensors by their full names. A Model keeps none of these, so they are looked for from the root down: each
// look costs as much as the modules on the way have children.
#pragma once

#include <string_view>

#include "weigh/model.h"

namespace weigh::python {

// The first one with this path; kNone where there is none. The root's path is "".
Index module_at(const Model& model, std::string_view path);
Index tensor_at(const Model& model, std::string_view path);

}  // namespace weigh::python
