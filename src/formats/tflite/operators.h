// The operators of TensorFlow Lite: their numbers in the schema (BuiltinOperator) and their names.
#pragma once

#include <cstdint>
#include <string_view>

namespace weigh {

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

}  // namespace weigh
