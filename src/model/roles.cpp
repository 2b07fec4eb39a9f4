#include "model/roles.h"

#include "conventions/buffers.h"

namespace weigh {

KnownRole infer_role(std::string_view name, DType dtype, std::span<const Extent> shape) {
  if (!can_be_parameter(dtype)) return {Role::buffer, Evidence::derived};
  if (name == "weight") return {Role::parameter, Evidence::by_convention};  // as nearly all are
  if (conventions::is_buffer(name, shape)) return {Role::buffer, Evidence::by_convention};
  return {Role::parameter, name == "bias" ? Evidence::by_convention : Evidence::assumed};
}

}  // namespace weigh
