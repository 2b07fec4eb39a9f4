#include "formats/onnx/operators.h"

#include <algorithm>
#include <array>

namespace weigh {
namespace {

using enum OnnxFlops;

template <class... Places>
constexpr std::uint16_t at(Places... places) {
  return static_cast<std::uint16_t>(((1U << places) | ...));
}

// ONNX's own, sorted by name.
constexpr std::array kOwn = {
    OnnxOperator{.name = "Attention", .flops = attention},
    OnnxOperator{.name = "BatchNormalization", .weights = at(1, 2), .statistics = at(3, 4)},
    OnnxOperator{.name = "Cast", .passes_on = true},
    OnnxOperator{.name = "Clip", .arguments = at(1, 2)},
    OnnxOperator{.name = "Concat", .passes_on = true, .joins = true},
    OnnxOperator{.name = "Conv", .flops = convolution, .weights = at(1, 2)},
    OnnxOperator{.name = "ConvInteger", .flops = convolution, .packed = at(1), .overhead = at(2, 3)},
    OnnxOperator{.name = "ConvTranspose", .flops = transposed, .weights = at(1, 2)},
    OnnxOperator{.name = "DeformConv", .flops = convolution, .weights = at(1, 3)},
    OnnxOperator{.name = "DequantizeLinear", .packed = at(0), .overhead = at(1, 2), .passes_on = true},
    OnnxOperator{.name = "Einsum", .flops = unknown, .weights = at(0, 1)},
    OnnxOperator{.name = "GRU", .flops = recurrent, .weights = at(1, 2, 3)},
    OnnxOperator{.name = "Gather", .weights = at(0)},
    OnnxOperator{.name = "Gemm", .flops = gemm, .weights = at(0, 1, 2)},
    OnnxOperator{.name = "GroupNormalization", .weights = at(1, 2)},
    OnnxOperator{.name = "Identity", .passes_on = true},
    OnnxOperator{.name = "InstanceNormalization", .weights = at(1, 2)},
    OnnxOperator{.name = "LSTM", .flops = recurrent, .weights = at(1, 2, 3, 7)},
    OnnxOperator{.name = "LayerNormalization", .weights = at(1, 2)},
    OnnxOperator{.name = "MatMul", .flops = matrix_product, .weights = at(0, 1)},
    OnnxOperator{.name = "MatMulInteger", .flops = matrix_product, .packed = at(1), .overhead = at(2, 3)},
    OnnxOperator{.name = "PRelu", .weights = at(1)},
    OnnxOperator{.name = "Pad", .arguments = at(2)},
    OnnxOperator{
        .name = "QLinearConv", .flops = convolution, .second = 3, .packed = at(3, 8), .overhead = at(1, 2, 4, 5, 6, 7)},
    OnnxOperator{.name = "QLinearMatMul",
                 .flops = matrix_product,
                 .second = 3,
                 .packed = at(3),
                 .overhead = at(1, 2, 4, 5, 6, 7)},
    OnnxOperator{.name = "QuantizeLinear", .overhead = at(1, 2)},
    OnnxOperator{.name = "RMSNormalization", .weights = at(1)},
    OnnxOperator{.name = "RNN", .flops = recurrent, .weights = at(1, 2, 3)},
    OnnxOperator{.name = "Reshape", .passes_on = true},
    OnnxOperator{.name = "Resize", .arguments = at(1, 2)},
    OnnxOperator{.name = "RotaryEmbedding", .statistics = at(1, 2)},
    OnnxOperator{.name = "SimplifiedLayerNormalization", .weights = at(1)},
    OnnxOperator{.name = "Slice", .passes_on = true},
    OnnxOperator{.name = "Split", .passes_on = true},
    OnnxOperator{.name = "Squeeze", .passes_on = true},
    OnnxOperator{.name = "Transpose", .passes_on = true},
    OnnxOperator{.name = "Unsqueeze", .passes_on = true},
    OnnxOperator{.name = "Upsample", .arguments = at(1)},
};

// Those of ONNX Runtime (com.microsoft) that files hold often, sorted by name.
constexpr std::array kMicrosoft = {
    OnnxOperator{.name = "BiasGelu", .weights = at(1)},
    OnnxOperator{.name = "BiasSplitGelu", .weights = at(1)},
    OnnxOperator{.name = "DequantizeLinear", .packed = at(0), .overhead = at(1, 2), .passes_on = true},
    OnnxOperator{.name = "DynamicQuantizeMatMul",
                 .flops = matrix_product,
                 .weights = at(4),
                 .packed = at(1),
                 .overhead = at(2, 3)},
    OnnxOperator{.name = "FastGelu", .weights = at(1)},
    OnnxOperator{.name = "FusedConv", .flops = convolution, .weights = at(1, 2)},
    OnnxOperator{.name = "FusedMatMul", .flops = gemm, .weights = at(0, 1)},
    OnnxOperator{.name = "GatherBlockQuantized", .packed = at(0), .overhead = at(2, 3)},
    OnnxOperator{.name = "Gelu"},
    OnnxOperator{.name = "GroupNorm", .weights = at(1, 2)},
    OnnxOperator{.name = "GroupQueryAttention", .flops = unknown, .statistics = at(7, 8)},
    OnnxOperator{.name = "MatMulIntegerToFloat",
                 .flops = matrix_product,
                 .weights = at(6),
                 .packed = at(1),
                 .overhead = at(2, 3, 4, 5)},
    OnnxOperator{
        .name = "MatMulNBits", .flops = packed_product, .weights = at(5), .packed = at(1), .overhead = at(2, 3, 4)},
    OnnxOperator{.name = "MoE", .flops = unknown, .weights = at(2, 3, 4, 5, 6, 7), .experts = at(2, 3, 4, 5, 6, 7)},
    OnnxOperator{.name = "QLinearAdd", .overhead = at(1, 2, 4, 5, 6, 7)},
    OnnxOperator{.name = "QLinearAveragePool", .overhead = at(1, 2, 3, 4)},
    OnnxOperator{.name = "QLinearGlobalAveragePool", .overhead = at(1, 2, 3, 4)},
    OnnxOperator{.name = "QLinearLeakyRelu", .overhead = at(1, 2, 3, 4)},
    OnnxOperator{.name = "QLinearMul", .overhead = at(1, 2, 4, 5, 6, 7)},
    OnnxOperator{.name = "QLinearSigmoid", .overhead = at(1, 2, 3, 4)},
    OnnxOperator{.name = "QLinearSoftmax", .overhead = at(1, 2, 3, 4)},
    OnnxOperator{.name = "QMoE",
                 .flops = unknown,
                 .weights = at(4, 7, 10),
                 .packed = at(2, 5, 8),
                 .overhead = at(3, 6, 9, 11, 12, 13),
                 .experts = at(2, 4, 5, 7, 8, 10)},
    OnnxOperator{.name = "QuantizeLinear", .overhead = at(1, 2)},
    OnnxOperator{.name = "QuickGelu"},
    OnnxOperator{.name = "RotaryEmbedding", .statistics = at(2, 3)},
    OnnxOperator{.name = "SimplifiedLayerNormalization", .weights = at(1)},
    OnnxOperator{.name = "SkipGroupNorm", .weights = at(1, 2)},
    OnnxOperator{.name = "SkipLayerNormalization", .weights = at(2, 3, 4)},
    OnnxOperator{.name = "SkipSimplifiedLayerNormalization", .weights = at(2, 3)},
    OnnxOperator{.name = "SparseAttention", .flops = unknown, .statistics = at(9, 10)},
};

template <std::size_t size>
constexpr bool is_sorted(const std::array<OnnxOperator, size>& table) {
  return std::is_sorted(table.begin(), table.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
}
static_assert(is_sorted(kOwn) && is_sorted(kMicrosoft));

template <std::size_t size>
const OnnxOperator& find(const std::array<OnnxOperator, size>& table, std::string_view name,
                         const OnnxOperator& otherwise) {
  const auto found =
      std::lower_bound(table.begin(), table.end(), name,
                       [](const OnnxOperator& entry, std::string_view wanted) { return entry.name < wanted; });
  return found != table.end() && found->name == name ? *found : otherwise;
}

}  // namespace

const OnnxOperator& onnx_operator(std::string_view domain, std::string_view name) {
  static constexpr OnnxOperator kNone = {};
  static constexpr OnnxOperator kUnknown = {.flops = unknown};
  if (domain.empty() || domain == "ai.onnx" || domain.starts_with("ai.onnx.")) return find(kOwn, name, kNone);
  return domain == "com.microsoft" ? find(kMicrosoft, name, kUnknown) : kUnknown;
}

}  // namespace weigh
