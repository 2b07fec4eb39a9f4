// The operators of TensorFlow Lite: their numbers in the schema (BuiltinOperator), their names, and what a subgraph of
// them computes.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace weigh {

struct TfliteSubgraph;

enum TfliteCode : std::uint32_t {
  kTfliteConcatenation = 2,
  kTfliteConv2D = 3,
  kTfliteDepthwiseConv2D = 4,
  kTfliteDequantize = 6,
  kTfliteFullyConnected = 9,
  kTfliteLstm = 16,
  kTfliteReshape = 22,
  kTfliteRnn = 24,
  kTfliteCall = 31,
  kTfliteSequenceRnn = 35,
  kTfliteGather = 36,
  kTfliteTranspose = 39,
  kTfliteSqueeze = 43,
  kTfliteSequenceLstm = 44,
  kTfliteTwoWayRnn = 46,
  kTfliteTwoWayLstm = 52,
  kTfliteTransposeConv = 67,
  kTfliteExpandDims = 70,
  kTfliteIf = 118,
  kTfliteWhile = 119,
  kTfliteBatchMatmul = 126,
  kTfliteConv3D = 132,
  kTfliteTransposeConv3D = 141,
};

// "CONV_2D"; "" for one that is newer than this program.
std::string_view tflite_operator_name(std::uint32_t code);

struct TfliteCost {
  std::optional<std::uint64_t> flops;  // nothing where it depends on what is not recorded
  std::int32_t weight = -1;            // the tensor that it multiplies by, where that is a constant
};

// For each operator, in the convention of every format: 2 for a multiply-add of matrix products and convolutions,
// nothing for all else. For one example, where the number of examples varies. `is_constant` is by tensor.
std::vector<TfliteCost> tflite_costs(const TfliteSubgraph& subgraph, const std::vector<bool>& is_constant);

}  // namespace weigh
