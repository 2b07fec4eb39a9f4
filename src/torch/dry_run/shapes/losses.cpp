#include <ATen/core/Reduction.h>

#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

using Two = std::tuple<at::Tensor, at::Tensor>;

// A number, unless the losses are not to be reduced.
at::Tensor loss(at::IntArrayRef unreduced, const at::Tensor& x, std::int64_t reduction) {
  return reduction == at::Reduction::None ? at::empty(unreduced, x.options()) : at::empty({}, x.options());
}

at::Tensor binary_cross_entropy(const at::Tensor& x, const at::Tensor& target, const OptionalTensor& /*weight*/,
                                std::int64_t reduction) {
  TORCH_CHECK(x.sizes() == target.sizes(), "the target's shape ", target.sizes(), " is not the input's ", x.sizes());
  return loss(x.sizes(), x, reduction);
}

at::Tensor huber(const at::Tensor& x, const at::Tensor& target, std::int64_t reduction, double /*delta*/) {
  return loss(at::infer_size(x.sizes(), target.sizes()), x, reduction);
}

at::Tensor multi_margin(const at::Tensor& x, const at::Tensor& target, const at::Scalar& /*p*/,
                        const at::Scalar& /*margin*/, const OptionalTensor& /*weight*/, std::int64_t reduction) {
  return loss(target.sizes(), x, reduction);
}

Two multilabel_margin(const at::Tensor& x, const at::Tensor& target, std::int64_t reduction) {
  return {loss(x.sizes().slice(0, static_cast<std::size_t>(x.dim() - 1)), x, reduction),
          at::empty(target.sizes(), x.options())};
}

Two nll2d(const at::Tensor& x, const at::Tensor& target, const OptionalTensor& /*weight*/, std::int64_t reduction,
          std::int64_t /*ignored*/) {
  TORCH_CHECK(x.dim() == 4 && target.dim() == 3,
              "an input [n, classes, h, w] and a target [n, h, w] are expected, not ", x.sizes(), " and ",
              target.sizes());
  return {loss(target.sizes(), x, reduction), at::empty({}, x.options())};
}

// libtorch reads the lengths.
at::Tensor ctc(const at::Tensor& log_probabilities, const at::Tensor& /*targets*/, const at::Tensor& /*input_lengths*/,
               const at::Tensor& /*target_lengths*/, std::int64_t /*blank*/, std::int64_t reduction,
               bool /*zero_infinity*/) {
  const bool is_batch = log_probabilities.dim() == 3;
  return loss(is_batch ? Sizes{log_probabilities.size(1)} : Sizes{}, log_probabilities, reduction);
}

}  // namespace

void add_losses(ShapeKernels& kernels) {
  kernels.add("binary_cross_entropy", TORCH_FN(binary_cross_entropy));
  kernels.add("huber_loss", TORCH_FN(huber));
  kernels.add("multi_margin_loss", TORCH_FN(multi_margin));
  kernels.add("multilabel_margin_loss_forward", TORCH_FN(multilabel_margin));
  kernels.add("nll_loss2d_forward", TORCH_FN(nll2d));
  kernels.add("ctc_loss", TORCH_FN(ctc), "Tensor");
}

}  // namespace weigh::dry_run
