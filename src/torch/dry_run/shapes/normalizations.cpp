#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Three = std::tuple<at::Tensor, at::Tensor, at::Tensor>;

void check_channels(const at::Tensor& x, const OptionalTensor& tensor, const char* what) {
  if (!tensor || !tensor->defined()) return;
  TORCH_CHECK(x.dim() >= 2 && tensor->numel() == x.size(1), "an input of shape ", x.sizes(), " does not fit ", what,
              " of shape ", tensor->sizes());
}

// The statistics are returned only in training.
Three native_batch_norm(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias,
                        const OptionalTensor& mean, const OptionalTensor& var, bool training, double /*momentum*/,
                        double /*eps*/) {
  check_channels(x, weight, "a weight");
  check_channels(x, bias, "a bias");
  check_channels(x, mean, "a running mean");
  check_channels(x, var, "a running variance");
  const at::Tensor statistics = at::empty({training ? x.size(1) : 0}, x.options());
  return {at::empty_like(x), statistics, at::empty_like(statistics)};
}

// Of the last dimensions: mean and deviation of each row are returned.
Three native_layer_norm(const at::Tensor& x, at::IntArrayRef shape, const OptionalTensor& weight,
                        const OptionalTensor& bias, double /*eps*/) {
  TORCH_CHECK(x.dim() >= static_cast<std::int64_t>(shape.size()) &&
                  x.sizes().slice(static_cast<std::size_t>(x.dim()) - shape.size()) == shape,
              "an input of shape ", x.sizes(), " does not end in the normalised shape ", shape);
  for (const OptionalTensor& tensor : {weight, bias})
    TORCH_CHECK(!tensor || !tensor->defined() || tensor->sizes() == shape, "a weight of shape ", tensor->sizes(),
                " is not of the normalised shape ", shape);
  auto sizes = x.sizes().vec();
  std::fill(sizes.end() - static_cast<std::ptrdiff_t>(shape.size()), sizes.end(), 1);
  const at::Tensor statistics = at::empty(sizes, x.options());
  return {at::empty_like(x), statistics, at::empty_like(statistics)};
}

Three native_group_norm(const at::Tensor& x, const OptionalTensor& weight, const OptionalTensor& bias, std::int64_t n,
                        std::int64_t channels, std::int64_t /*elements*/, std::int64_t groups, double /*eps*/) {
  TORCH_CHECK(channels % groups == 0, channels, " channels cannot be divided into ", groups, " groups");
  check_channels(x, weight, "a weight");
  check_channels(x, bias, "a bias");
  const at::Tensor statistics = at::empty({n, groups}, x.options());
  return {at::empty_like(x), statistics, at::empty_like(statistics)};
}

std::tuple<at::Tensor, at::Tensor> weight_norm(const at::Tensor& v, const at::Tensor& g, std::int64_t /*dim*/) {
  return {at::empty_like(v), at::empty_like(g)};
}

}  // namespace

void add_normalizations(ShapeKernels& kernels) {
  kernels.add("native_batch_norm", TORCH_FN(native_batch_norm));
  kernels.add("native_layer_norm", TORCH_FN(native_layer_norm));
  kernels.add("native_group_norm", TORCH_FN(native_group_norm));
  kernels.add("_weight_norm_interface", TORCH_FN(weight_norm));
}

}  // namespace weigh::dry_run
