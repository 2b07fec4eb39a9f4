// Normalisations that take num_features from their first input (PyTorch: torch/nn/modules/batchnorm.py and
// instancenorm.py, LazyBatchNorm1d and so on).
#pragma once

#include <cstddef>
#include <cstdint>
#include <ostream>

#include <torch/torch.h>

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

// As torch::nn::BatchNormOptions, without num_features. The defaults are those of both kinds: PyTorch's
// LazyInstanceNorm is affine and tracks its statistics, other than InstanceNorm and than its own documentation says.
struct LazyNormOptions {
  TORCH_ARG(double, eps) = 1e-5;
  TORCH_ARG(torch::optional<double>, momentum) = 0.1;  // nullopt: the average of all batches
  TORCH_ARG(bool, affine) = true;
  TORCH_ARG(bool, track_running_stats) = true;
};

template <class Derived>
class LazyNorm : public LazyModule<Derived> {
 public:
  explicit LazyNorm(const LazyNormOptions& options = {});

  void reset() override;
  void reset_parameters() override;
  void reset_running_stats();
  void pretty_print(std::ostream& stream) const override;
  void initialize_parameters(std::int64_t num_features);
  std::vector<KnownSize> known_sizes(const std::string& tensor) const override;

  LazyNormOptions options;
  torch::Tensor weight, bias;               // [num_features], undefined unless affine
  torch::Tensor running_mean, running_var;  // [num_features], undefined unless track_running_stats
  torch::Tensor num_batches_tracked;        // a scalar that exists from the beginning, undefined likewise

 protected:
  // Throws weigh::Error(usage) for another number of features than the first input had.
  void infer_and_check(const torch::Tensor& input, std::int64_t num_features);
  bool uses_batch_statistics() const;

 private:
  // A tensor of num_features elements; undefined where there is none.
  const torch::Tensor& witness() const;
};

// Throws weigh::Error(usage) for an input of another rank than D + 2, or also 2 where D is 1.
template <std::size_t D, class Derived>
class LazyBatchNorm : public LazyNorm<Derived> {
 public:
  using LazyNorm<Derived>::LazyNorm;

  // [batch, num_features, extents…] -> the same.
  torch::Tensor forward(const torch::Tensor& input);

 private:
  double count_batch();
};

// Throws weigh::Error(usage) for an input of another rank than D + 1 or D + 2.
template <std::size_t D, class Derived>
class LazyInstanceNorm : public LazyNorm<Derived> {
 public:
  using LazyNorm<Derived>::LazyNorm;

  // [batch, num_features, extents…] or [num_features, extents…] -> the same.
  torch::Tensor forward(const torch::Tensor& input);
};

class LazyBatchNorm1dImpl : public LazyBatchNorm<1, LazyBatchNorm1dImpl> {
 public:
  using LazyBatchNorm::LazyBatchNorm;
};
class LazyBatchNorm2dImpl : public LazyBatchNorm<2, LazyBatchNorm2dImpl> {
 public:
  using LazyBatchNorm::LazyBatchNorm;
};
class LazyBatchNorm3dImpl : public LazyBatchNorm<3, LazyBatchNorm3dImpl> {
 public:
  using LazyBatchNorm::LazyBatchNorm;
};
class LazyInstanceNorm1dImpl : public LazyInstanceNorm<1, LazyInstanceNorm1dImpl> {
 public:
  using LazyInstanceNorm::LazyInstanceNorm;
};
class LazyInstanceNorm2dImpl : public LazyInstanceNorm<2, LazyInstanceNorm2dImpl> {
 public:
  using LazyInstanceNorm::LazyInstanceNorm;
};
class LazyInstanceNorm3dImpl : public LazyInstanceNorm<3, LazyInstanceNorm3dImpl> {
 public:
  using LazyInstanceNorm::LazyInstanceNorm;
};

TORCH_MODULE(LazyBatchNorm1d);
TORCH_MODULE(LazyBatchNorm2d);
TORCH_MODULE(LazyBatchNorm3d);
TORCH_MODULE(LazyInstanceNorm1d);
TORCH_MODULE(LazyInstanceNorm2d);
TORCH_MODULE(LazyInstanceNorm3d);

}  // namespace weigh::nn
