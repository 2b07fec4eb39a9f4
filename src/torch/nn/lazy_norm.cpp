#include "weigh/torch/lazy_norm.h"

#include <string>

#include "nn/observer.h"
#include "nn/text.h"

namespace weigh::nn {

namespace F = torch::nn::functional;

template <class Derived>
LazyNorm<Derived>::LazyNorm(const LazyNormOptions& options) : options(options) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
}

template <class Derived>
void LazyNorm<Derived>::reset() {
  const bool affine = options.affine();
  const bool tracks = options.track_running_stats();
  weight = affine ? this->declare_parameter("weight") : this->register_parameter("weight", {}, false);
  bias = affine ? this->declare_parameter("bias") : this->register_parameter("bias", {}, false);
  running_mean = tracks ? this->declare_buffer("running_mean") : this->register_buffer("running_mean", {});
  running_var = tracks ? this->declare_buffer("running_var") : this->register_buffer("running_var", {});
  num_batches_tracked = this->register_buffer("num_batches_tracked",
                                              tracks ? torch::zeros({}, torch::dtype(torch::kLong)) : torch::Tensor());
}

template <class Derived>
void LazyNorm<Derived>::reset_running_stats() {
  if (!options.track_running_stats()) return;
  running_mean.zero_();
  running_var.fill_(1);
  num_batches_tracked.zero_();
}

template <class Derived>
void LazyNorm<Derived>::reset_parameters() {
  reset_running_stats();
  if (!options.affine()) return;
  torch::nn::init::ones_(weight);
  torch::nn::init::zeros_(bias);
}

template <class Derived>
void LazyNorm<Derived>::initialize_parameters(std::int64_t num_features) {
  for (torch::Tensor* tensor : {&weight, &bias, &running_mean, &running_var})
    if (tensor->defined()) this->materialize(*tensor, {num_features});
}

template <class Derived>
std::vector<KnownSize> LazyNorm<Derived>::known_sizes(const std::string& /*tensor*/) const {
  return {"num_features"};
}

template <class Derived>
const torch::Tensor& LazyNorm<Derived>::witness() const {
  return options.affine() ? weight : running_mean;
}

template <class Derived>
void LazyNorm<Derived>::infer_and_check(const torch::Tensor& input, std::int64_t num_features) {
  this->infer(num_features);
  if (witness().defined() && witness().size(0) != num_features)
    this->fail("initialised with num_features=" + std::to_string(witness().size(0)) + ", but " + got(input));
}

template <class Derived>
bool LazyNorm<Derived>::uses_batch_statistics() const {
  return this->is_training() || !options.track_running_stats();
}

template <class Derived>
void LazyNorm<Derived>::pretty_print(std::ostream& stream) const {
  stream << this->type_name() << "(" << (witness().defined() ? size_or_unknown(witness(), 0) : "?")
         << ", eps=" << options.eps() << ", momentum=";
  if (options.momentum())
    stream << *options.momentum();
  else
    stream << "None";
  stream << ", affine=" << std::boolalpha << options.affine()
         << ", track_running_stats=" << options.track_running_stats() << ")";
}

// Counts the batch where statistics are tracked; returns the weight of the batch in them.
template <std::size_t D, class Derived>
double LazyBatchNorm<D, Derived>::count_batch() {
  const auto& momentum = this->options.momentum();
  if (!this->is_training() || !this->options.track_running_stats()) return momentum.value_or(0.0);
  this->num_batches_tracked += 1;
  if (momentum) return *momentum;
  // Nothing is averaged in a dry run, and the number is not known there.
  const Observer* observer = Observer::current();
  return observer && observer->is_dry() ? 0.0 : 1.0 / this->num_batches_tracked.template item<double>();
}

template <std::size_t D, class Derived>
torch::Tensor LazyBatchNorm<D, Derived>::forward(const torch::Tensor& input) {
  ForwardScope scope(*this, input);
  constexpr auto kBatched = static_cast<std::int64_t>(D) + 2;
  if (input.dim() != kBatched && !(D == 1 && input.dim() == 2))
    this->fail("expected " + std::string(D == 1 ? "2D or 3D" : std::to_string(kBatched) + "D") + " input, " +
               got(input));
  this->infer_and_check(input, input.size(1));
  return scope.returns(F::batch_norm(input, this->running_mean, this->running_var,
                                     F::BatchNormFuncOptions()
                                         .weight(this->weight)
                                         .bias(this->bias)
                                         .training(this->uses_batch_statistics())
                                         .momentum(count_batch())
                                         .eps(this->options.eps())));
}

template <std::size_t D, class Derived>
torch::Tensor LazyInstanceNorm<D, Derived>::forward(const torch::Tensor& input) {
  ForwardScope scope(*this, input);
  constexpr auto kBatched = static_cast<std::int64_t>(D) + 2;
  const bool is_batched = input.dim() == kBatched;
  if (!is_batched && input.dim() != kBatched - 1)
    this->fail("expected " + std::to_string(kBatched - 1) + "D (unbatched) or " + std::to_string(kBatched) +
               "D (batched) input, " + got(input));
  this->infer_and_check(input, input.size(is_batched ? 1 : 0));
  const torch::Tensor y =
      F::instance_norm(is_batched ? input : input.unsqueeze(0), F::InstanceNormFuncOptions()
                                                                    .running_mean(this->running_mean)
                                                                    .running_var(this->running_var)
                                                                    .weight(this->weight)
                                                                    .bias(this->bias)
                                                                    .use_input_stats(this->uses_batch_statistics())
                                                                    .momentum(this->options.momentum().value_or(0.0))
                                                                    .eps(this->options.eps()));
  return scope.returns(is_batched ? y : y.squeeze(0));
}

template class LazyNorm<LazyBatchNorm1dImpl>;
template class LazyNorm<LazyBatchNorm2dImpl>;
template class LazyNorm<LazyBatchNorm3dImpl>;
template class LazyNorm<LazyInstanceNorm1dImpl>;
template class LazyNorm<LazyInstanceNorm2dImpl>;
template class LazyNorm<LazyInstanceNorm3dImpl>;
template class LazyBatchNorm<1, LazyBatchNorm1dImpl>;
template class LazyBatchNorm<2, LazyBatchNorm2dImpl>;
template class LazyBatchNorm<3, LazyBatchNorm3dImpl>;
template class LazyInstanceNorm<1, LazyInstanceNorm1dImpl>;
template class LazyInstanceNorm<2, LazyInstanceNorm2dImpl>;
template class LazyInstanceNorm<3, LazyInstanceNorm3dImpl>;

}  // namespace weigh::nn
