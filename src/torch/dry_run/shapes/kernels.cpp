#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {

const ShapeKernels& ShapeKernels::all() {
  static const ShapeKernels kernels = [] {
    ShapeKernels made;
    add_elementwise(made);
    add_reductions(made);
    add_convolutions(made);
    add_normalizations(made);
    add_pooling(made);
    add_images(made);
    add_indexing(made);
    add_losses(made);
    add_distances(made);
    add_gradients(made);
    add_transforms(made);
    add_views(made);
    return made;
  }();
  return kernels;
}

const c10::KernelFunction* ShapeKernels::find(const std::string& name, const std::string& overload) const {
  const auto found = kernels_.find({name, overload});
  return found == kernels_.end() ? nullptr : &found->second;
}

}  // namespace weigh::dry_run
