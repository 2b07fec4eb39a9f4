// Convolutions that take in_channels from their first input (PyTorch: torch/nn/modules/conv.py, LazyConv1d and so on).
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <ostream>
#include <string>
#include <utility>

#include <torch/torch.h>

#include "weigh/torch/lazy_module.h"

namespace weigh::nn {

// As torch::nn::ConvOptions, without in_channels.
template <std::size_t D>
struct LazyConvOptions {
  using padding_t = torch::nn::detail::conv_padding_t<D>;         // NOLINT: TORCH_ARG's users know these names
  using padding_mode_t = torch::nn::detail::conv_padding_mode_t;  // NOLINT
  static constexpr bool kIsTransposed = false;

  LazyConvOptions(std::int64_t out_channels, torch::ExpandingArray<D> kernel_size)
      : out_channels_(out_channels), kernel_size_(std::move(kernel_size)) {}

  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(torch::ExpandingArray<D>, kernel_size);
  TORCH_ARG(torch::ExpandingArray<D>, stride) = 1;
  TORCH_ARG(padding_t, padding) = torch::ExpandingArray<D>(0);

 public:
  LazyConvOptions& padding(std::initializer_list<std::int64_t> extents) {
    return padding(padding_t(torch::ExpandingArray<D>(extents)));
  }
  TORCH_ARG(torch::ExpandingArray<D>, dilation) = 1;
  TORCH_ARG(std::int64_t, groups) = 1;
  TORCH_ARG(bool, bias) = true;
  TORCH_ARG(padding_mode_t, padding_mode) = torch::kZeros;
};

// As torch::nn::ConvTransposeOptions, without in_channels.
template <std::size_t D>
struct LazyConvTransposeOptions {
  static constexpr bool kIsTransposed = true;

  LazyConvTransposeOptions(std::int64_t out_channels, torch::ExpandingArray<D> kernel_size)
      : out_channels_(out_channels), kernel_size_(std::move(kernel_size)) {}

  TORCH_ARG(std::int64_t, out_channels);
  TORCH_ARG(torch::ExpandingArray<D>, kernel_size);
  TORCH_ARG(torch::ExpandingArray<D>, stride) = 1;
  TORCH_ARG(torch::ExpandingArray<D>, padding) = 0;
  TORCH_ARG(torch::ExpandingArray<D>, output_padding) = 0;
  TORCH_ARG(torch::ExpandingArray<D>, dilation) = 1;
  TORCH_ARG(std::int64_t, groups) = 1;
  TORCH_ARG(bool, bias) = true;
};

using LazyConv1dOptions = LazyConvOptions<1>;
using LazyConv2dOptions = LazyConvOptions<2>;
using LazyConv3dOptions = LazyConvOptions<3>;
using LazyConvTranspose1dOptions = LazyConvTransposeOptions<1>;
using LazyConvTranspose2dOptions = LazyConvTransposeOptions<2>;
using LazyConvTranspose3dOptions = LazyConvTransposeOptions<3>;

// What all of them have in common. Throws weigh::Error(usage) for out_channels that groups do not divide, and for
// padding="same" with a stride.
template <std::size_t D, class Options, class Derived>
class LazyConvBase : public LazyModule<Derived> {
 public:
  LazyConvBase(std::int64_t out_channels, torch::ExpandingArray<D> kernel_size)
      : LazyConvBase(Options(out_channels, kernel_size)) {}
  explicit LazyConvBase(Options options);

  void reset() override;
  void reset_parameters() override;
  void pretty_print(std::ostream& stream) const override;
  void initialize_parameters(const torch::Tensor& input);
  std::vector<KnownSize> known_sizes(const std::string& tensor) const override;

  Options options;
  torch::Tensor weight;  // [out, in/groups, kernel…], transposed: [in, out/groups, kernel…]
  torch::Tensor bias;    // [out], undefined without bias

 protected:
  // Throws weigh::Error(usage) for an input of another rank than D + 1 or D + 2, for channels that groups do not
  // divide, and for another number of channels than the first input had.
  void infer_and_check(const torch::Tensor& input);
};

template <std::size_t D, class Derived>
class LazyConvNd : public LazyConvBase<D, LazyConvOptions<D>, Derived> {
 public:
  using LazyConvBase<D, LazyConvOptions<D>, Derived>::LazyConvBase;

  // [batch, in, extents…] or [in, extents…] -> the same with out channels.
  torch::Tensor forward(const torch::Tensor& input);
};

template <std::size_t D, class Derived>
class LazyConvTransposeNd : public LazyConvBase<D, LazyConvTransposeOptions<D>, Derived> {
 public:
  using LazyConvBase<D, LazyConvTransposeOptions<D>, Derived>::LazyConvBase;

  // [batch, in, extents…] or [in, extents…] -> the same with out channels. output_size, of the D extents or of all
  // dimensions, chooses among the sizes that a stride makes possible. Throws weigh::Error(usage) for others.
  torch::Tensor forward(const torch::Tensor& input,
                        const torch::optional<torch::IntArrayRef>& output_size = torch::nullopt);

 protected:
  FORWARD_HAS_DEFAULT_ARGS({1, torch::nn::AnyValue(torch::optional<torch::IntArrayRef>())})

 private:
  torch::ExpandingArray<D> output_padding(const torch::Tensor& input, torch::IntArrayRef output_size) const;
};

class LazyConv1dImpl : public LazyConvNd<1, LazyConv1dImpl> {
 public:
  using LazyConvNd::LazyConvNd;
};
class LazyConv2dImpl : public LazyConvNd<2, LazyConv2dImpl> {
 public:
  using LazyConvNd::LazyConvNd;
};
class LazyConv3dImpl : public LazyConvNd<3, LazyConv3dImpl> {
 public:
  using LazyConvNd::LazyConvNd;
};
class LazyConvTranspose1dImpl : public LazyConvTransposeNd<1, LazyConvTranspose1dImpl> {
 public:
  using LazyConvTransposeNd::LazyConvTransposeNd;
};
class LazyConvTranspose2dImpl : public LazyConvTransposeNd<2, LazyConvTranspose2dImpl> {
 public:
  using LazyConvTransposeNd::LazyConvTransposeNd;
};
class LazyConvTranspose3dImpl : public LazyConvTransposeNd<3, LazyConvTranspose3dImpl> {
 public:
  using LazyConvTransposeNd::LazyConvTransposeNd;
};

TORCH_MODULE(LazyConv1d);
TORCH_MODULE(LazyConv2d);
TORCH_MODULE(LazyConv3d);
TORCH_MODULE(LazyConvTranspose1d);
TORCH_MODULE(LazyConvTranspose2d);
TORCH_MODULE(LazyConvTranspose3d);

}  // namespace weigh::nn
