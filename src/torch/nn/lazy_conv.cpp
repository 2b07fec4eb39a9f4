#include "weigh/torch/lazy_conv.h"

#include <algorithm>
#include <vector>

#include "nn/reset.h"
#include "nn/text.h"

namespace weigh::nn {

namespace {

namespace F = torch::nn::functional;
namespace kinds = torch::enumtype;

// Where the channels of a batched or unbatched input are.
template <std::size_t D>
std::int64_t channels_of(const torch::Tensor& input) {
  return input.size(input.dim() == static_cast<std::int64_t>(D) + 2 ? 1 : 0);
}

// Unqualified, since the variant is c10's in libtorch 1.13 and the standard's later.
template <class Kind, class Variant>
bool is(const Variant& variant) {
  return holds_alternative<Kind>(variant);
}

// The padding on both sides of each extent, last extent first, as F::pad takes it.
template <std::size_t D>
std::vector<std::int64_t> both_sides(const LazyConvOptions<D>& options) {
  std::vector<std::int64_t> sides;
  for (std::size_t i = D; i-- > 0;) {
    if (const auto* explicitly = get_if<torch::ExpandingArray<D>>(&options.padding())) {
      sides.insert(sides.end(), 2, (**explicitly)[i]);
    } else {
      const bool is_same = is<kinds::kSame>(options.padding());
      const std::int64_t total = is_same ? (*options.dilation())[i] * ((*options.kernel_size())[i] - 1) : 0;
      sides.push_back(total / 2);
      sides.push_back(total - total / 2);
    }
  }
  return sides;
}

template <std::size_t D>
torch::Tensor pad(const torch::Tensor& input, const LazyConvOptions<D>& options) {
  F::PadFuncOptions how(both_sides(options));
  if (is<kinds::kReflect>(options.padding_mode()))
    how.mode(torch::kReflect);
  else if (is<kinds::kReplicate>(options.padding_mode()))
    how.mode(torch::kReplicate);
  else
    how.mode(torch::kCircular);
  return F::pad(input, how);
}

template <std::size_t D>
void print_padding(std::ostream& stream, const LazyConvOptions<D>& options) {
  if (const auto* explicitly = get_if<torch::ExpandingArray<D>>(&options.padding())) {
    if (**explicitly != *torch::ExpandingArray<D>(0)) stream << ", padding=" << *explicitly;
  } else {
    stream << ", padding=" << (is<kinds::kSame>(options.padding()) ? "'same'" : "'valid'");
  }
}

template <std::size_t D>
void print_padding(std::ostream& stream, const LazyConvTransposeOptions<D>& options) {
  if (*options.padding() != *torch::ExpandingArray<D>(0)) stream << ", padding=" << options.padding();
}

template <std::size_t D>
void print_rest(std::ostream& stream, const LazyConvOptions<D>& options) {
  if (!is<kinds::kZeros>(options.padding_mode()))
    stream << ", padding_mode=" << torch::enumtype::get_enum_name(options.padding_mode());
}

template <std::size_t D>
void print_rest(std::ostream& stream, const LazyConvTransposeOptions<D>& options) {
  if (*options.output_padding() != *torch::ExpandingArray<D>(0))
    stream << ", output_padding=" << options.output_padding();
}

template <std::size_t D>
bool is_same_with_stride(const LazyConvOptions<D>& options) {
  return is<kinds::kSame>(options.padding()) && *options.stride() != *torch::ExpandingArray<D>(1);
}

template <std::size_t D>
bool is_same_with_stride(const LazyConvTransposeOptions<D>& /*has numbers only*/) {
  return false;
}

}  // namespace

template <std::size_t D, class Options, class Derived>
LazyConvBase<D, Options, Derived>::LazyConvBase(Options options) : options(std::move(options)) {
  reset();  // NOLINT(clang-analyzer-optin.cplusplus.VirtualCall): as every layer of torch::nn
}

template <std::size_t D, class Options, class Derived>
void LazyConvBase<D, Options, Derived>::reset() {
  if (options.groups() <= 0 || options.out_channels() % options.groups() != 0)
    this->fail("out_channels must be divisible by groups (got out_channels=" + std::to_string(options.out_channels()) +
               ", groups=" + std::to_string(options.groups()) + ")");
  if (is_same_with_stride(options)) this->fail("padding='same' is not supported for strided convolutions");
  weight = this->declare_parameter("weight");
  bias = options.bias() ? this->declare_parameter("bias") : this->register_parameter("bias", {}, false);
}

template <std::size_t D, class Options, class Derived>
void LazyConvBase<D, Options, Derived>::reset_parameters() {
  reset_weight_and_bias(weight, bias);
}

template <std::size_t D, class Options, class Derived>
void LazyConvBase<D, Options, Derived>::initialize_parameters(const torch::Tensor& input) {
  const std::int64_t in = channels_of<D>(input);
  if (in % options.groups() != 0)
    this->fail("in_channels must be divisible by groups (" + got(input) +
               ", groups=" + std::to_string(options.groups()) + ")");
  std::vector<std::int64_t> shape = {options.out_channels(), in / options.groups()};
  if (Options::kIsTransposed) shape = {in, options.out_channels() / options.groups()};
  shape.insert(shape.end(), options.kernel_size()->begin(), options.kernel_size()->end());
  this->materialize(weight, shape);
  if (bias.defined()) this->materialize(bias, {options.out_channels()});
}

template <std::size_t D, class Options, class Derived>
std::vector<KnownSize> LazyConvBase<D, Options, Derived>::known_sizes(const std::string& tensor) const {
  if (tensor == "bias") return {options.out_channels()};
  const std::int64_t groups = options.groups();
  std::vector<KnownSize> shape = {options.out_channels(),
                                  groups == 1 ? std::string("in") : "in/" + std::to_string(groups)};
  if (Options::kIsTransposed) shape = {"in", options.out_channels() / groups};
  shape.insert(shape.end(), options.kernel_size()->begin(), options.kernel_size()->end());
  return shape;
}

template <std::size_t D, class Options, class Derived>
void LazyConvBase<D, Options, Derived>::infer_and_check(const torch::Tensor& input) {
  const auto unbatched = static_cast<std::int64_t>(D) + 1;
  if (input.dim() != unbatched && input.dim() != unbatched + 1)
    this->fail("expected " + std::to_string(unbatched) + "D (unbatched) or " + std::to_string(unbatched + 1) +
               "D (batched) input, " + got(input));
  this->infer(input);
  const std::int64_t in = Options::kIsTransposed ? weight.size(0) : weight.size(1) * options.groups();
  if (channels_of<D>(input) != in)
    this->fail("initialised with in_channels=" + std::to_string(in) + ", but " + got(input));
}

template <std::size_t D, class Options, class Derived>
void LazyConvBase<D, Options, Derived>::pretty_print(std::ostream& stream) const {
  std::string in = size_or_unknown(weight, Options::kIsTransposed ? 0 : 1);
  if (!Options::kIsTransposed && in != "?") in = std::to_string(weight.size(1) * options.groups());
  stream << this->type_name() << "(" << in << ", " << options.out_channels()
         << ", kernel_size=" << options.kernel_size() << ", stride=" << options.stride();
  print_padding(stream, options);
  if (*options.dilation() != *torch::ExpandingArray<D>(1)) stream << ", dilation=" << options.dilation();
  if (options.groups() != 1) stream << ", groups=" << options.groups();
  if (!options.bias()) stream << ", bias=false";
  print_rest(stream, options);
  stream << ")";
}

template <std::size_t D, class Derived>
torch::Tensor LazyConvNd<D, Derived>::forward(const torch::Tensor& input) {
  ForwardScope scope(*this, input);
  this->infer_and_check(input);
  const auto& options = this->options;
  const bool pads_with_zeros = is<kinds::kZeros>(options.padding_mode());
  const torch::Tensor x = pads_with_zeros ? input : pad(input, options);
  auto how = F::ConvFuncOptions<D>()
                 .bias(this->bias)
                 .stride(options.stride())
                 .dilation(options.dilation())
                 .groups(options.groups());
  if (pads_with_zeros) how.padding(options.padding());
  if constexpr (D == 1) return scope.returns(F::conv1d(x, this->weight, how));
  if constexpr (D == 2) return scope.returns(F::conv2d(x, this->weight, how));
  if constexpr (D == 3) return scope.returns(F::conv3d(x, this->weight, how));
}

template <std::size_t D, class Derived>
torch::ExpandingArray<D> LazyConvTransposeNd<D, Derived>::output_padding(const torch::Tensor& input,
                                                                         torch::IntArrayRef output_size) const {
  const auto& options = this->options;
  const bool is_full = output_size.size() == static_cast<std::size_t>(input.dim());
  if (!is_full && output_size.size() != D)
    this->fail("output_size must have " + std::to_string(D) + " or " + std::to_string(input.dim()) + " elements (got " +
               std::to_string(output_size.size()) + ")");
  const torch::IntArrayRef wanted = output_size.slice(output_size.size() - D);
  torch::ExpandingArray<D> padding(0);
  for (std::size_t i = 0; i < D; ++i) {
    const std::int64_t stride = (*options.stride())[i];
    const std::int64_t extent = input.size(input.dim() - static_cast<std::int64_t>(D - i));
    const std::int64_t least = (extent - 1) * stride - 2 * (*options.padding())[i] +
                               (*options.dilation())[i] * ((*options.kernel_size())[i] - 1) + 1;
    if (wanted[i] < least || wanted[i] >= least + stride)
      this->fail("output_size " + to_text(wanted) + " is not possible for an input of shape " + to_text(input.sizes()) +
                 ": extent " + std::to_string(i) + " must be from " + std::to_string(least) + " to " +
                 std::to_string(least + stride - 1));
    (*padding)[i] = wanted[i] - least;
  }
  return padding;
}

template <std::size_t D, class Derived>
torch::Tensor LazyConvTransposeNd<D, Derived>::forward(const torch::Tensor& input,
                                                       const torch::optional<torch::IntArrayRef>& output_size) {
  ForwardScope scope(*this, input);
  this->infer_and_check(input);
  const auto& options = this->options;
  const auto how = F::ConvTransposeFuncOptions<D>()
                       .bias(this->bias)
                       .stride(options.stride())
                       .padding(options.padding())
                       .output_padding(output_size ? output_padding(input, *output_size) : options.output_padding())
                       .groups(options.groups())
                       .dilation(options.dilation());
  if constexpr (D == 1) return scope.returns(F::conv_transpose1d(input, this->weight, how));
  if constexpr (D == 2) return scope.returns(F::conv_transpose2d(input, this->weight, how));
  if constexpr (D == 3) return scope.returns(F::conv_transpose3d(input, this->weight, how));
}

template class LazyConvBase<1, LazyConvOptions<1>, LazyConv1dImpl>;
template class LazyConvBase<2, LazyConvOptions<2>, LazyConv2dImpl>;
template class LazyConvBase<3, LazyConvOptions<3>, LazyConv3dImpl>;
template class LazyConvBase<1, LazyConvTransposeOptions<1>, LazyConvTranspose1dImpl>;
template class LazyConvBase<2, LazyConvTransposeOptions<2>, LazyConvTranspose2dImpl>;
template class LazyConvBase<3, LazyConvTransposeOptions<3>, LazyConvTranspose3dImpl>;
template class LazyConvNd<1, LazyConv1dImpl>;
template class LazyConvNd<2, LazyConv2dImpl>;
template class LazyConvNd<3, LazyConv3dImpl>;
template class LazyConvTransposeNd<1, LazyConvTranspose1dImpl>;
template class LazyConvTransposeNd<2, LazyConvTranspose2dImpl>;
template class LazyConvTransposeNd<3, LazyConvTranspose3dImpl>;

}  // namespace weigh::nn
