#include "dry_run/layer_kind.h"

#include "dry_run/type_name.h"

namespace weigh::dry_run {
namespace {

template <class... Types>
bool is_any(const torch::nn::Module& module) {
  return (... || (dynamic_cast<const Types*>(&module) != nullptr));
}

// get_if is found by its argument: a variant is of c10 in libtorch 1.13, and of the standard library later.
// Sums of both sides, for each dimension from the first to the last.
template <std::size_t kDimensions>
std::vector<std::int64_t> sums(const torch::nn::detail::ConvNdOptions<kDimensions>& options) {
  std::vector<std::int64_t> both;
  if (get_if<torch::enumtype::kZeros>(&options.padding_mode()) != nullptr) return both;
  for (std::size_t i = 0; i < kDimensions; ++i) {
    if (get_if<torch::enumtype::kSame>(&options.padding()) != nullptr) {
      both.push_back((*options.dilation())[i] * ((*options.kernel_size())[i] - 1));
    } else if (const auto* padding = get_if<torch::ExpandingArray<kDimensions>>(&options.padding())) {
      both.push_back(2 * (**padding)[i]);
    } else {
      both.push_back(0);
    }
  }
  return both;
}

}  // namespace

std::vector<std::int64_t> padding_beforehand(const torch::nn::Module& convolution) {
  if (const auto* one = dynamic_cast<const torch::nn::Conv1dImpl*>(&convolution)) return sums(one->options);
  if (const auto* two = dynamic_cast<const torch::nn::Conv2dImpl*>(&convolution)) return sums(two->options);
  if (const auto* three = dynamic_cast<const torch::nn::Conv3dImpl*>(&convolution)) return sums(three->options);
  return {};
}

LayerKind kind_of(const torch::nn::Module& module) {
  if (is_any<torch::nn::MultiheadAttentionImpl>(module)) return LayerKind::attention;
  if (!module.children().empty()) return LayerKind::unseen;
  if (!is_of_libtorch(module)) return LayerKind::of_user;
  if (is_any<torch::nn::LSTMImpl>(module)) return LayerKind::lstm;
  if (is_any<torch::nn::LSTMCellImpl>(module)) return LayerKind::lstm_cell;
  if (is_any<torch::nn::RNNImpl, torch::nn::GRUImpl, torch::nn::RNNCellImpl, torch::nn::GRUCellImpl>(module))
    return LayerKind::recurrent;
  if (is_any<torch::nn::EmbeddingBagImpl>(module)) return LayerKind::embedding_bag;
  if (!padding_beforehand(module).empty()) return LayerKind::padded_convolution;
  return LayerKind::simple;
}

}  // namespace weigh::dry_run
