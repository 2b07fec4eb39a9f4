#include "model/roles.h"

#include "conventions/buffers.h"

namespace weigh {

Role infer_role(std::string_view name, DType dtype, std::span<const Extent> shape) {
  if (!can_be_parameter(dtype)) return Role::buffer;
  if (name == "weight") return Role::parameter;  // as nearly all are
  return conventions::is_buffer(name, shape) ? Role::buffer : Role::parameter;
}

}  // namespace weigh
