// Parameter or buffer, where the file does not say.
#pragma once

#include <span>
#include <string_view>

#include "weigh/dtype.h"
#include "weigh/evidence.h"
#include "weigh/model.h"

namespace weigh {

struct KnownRole {
  Role role = Role::parameter;
  Evidence evidence = Evidence::assumed;

  void give_to(Tensor& tensor) const {
    tensor.role = role;
    tensor.role_evidence = evidence;
  }
};

// A buffer if its dtype cannot require a gradient, or by convention (conventions/buffers.h); else a parameter: by
// convention what is called as all parameters of layers are, by assumption all else. `name` is the part behind the last
// dot.
KnownRole infer_role(std::string_view name, DType dtype, std::span<const Extent> shape);

// Finds further buffers, once all is there: by what stands beside them, by the loss that they are of, and by the class
// of the model (Config::types). What is recorded stays.
void settle_roles(Model& model);

}  // namespace weigh
