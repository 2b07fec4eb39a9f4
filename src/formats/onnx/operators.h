// What is known of operators: how many operations they take, and what their inputs are to them. An operator that is not
// in the table multiplies no matrices if it is one of ONNX's own; of others nothing is known.
#pragma once

#include <cstdint>
#include <string_view>

namespace weigh {

enum class OnnxFlops : std::uint8_t {
  none,
  matrix_product,  // of inputs 0 and `second`
  gemm,            // the same, each perhaps transposed
  convolution,     // of input 0 with the kernels `second`
  transposed,      // the convolution that goes the other way
  recurrent,       // inputs 1 and 2 are the matrices of a step
  attention,       // of queries, keys and values
  packed_product,  // by a packed matrix, of which attribute K tells the rows
  unknown,         // it may take any number
};

// Bits by number of the input.
struct OnnxOperator {
  std::string_view name = {};
  OnnxFlops flops = OnnxFlops::none;
  std::uint8_t second = 1;       // the other operand
  std::uint16_t weights = 0;     // where parameters stand
  std::uint16_t statistics = 0;  // where buffers stand: running means
  std::uint16_t arguments = 0;   // where constants stand: bounds, scales of images
  std::uint16_t packed = 0;      // quantised weights
  std::uint16_t overhead = 0;    // their scales and zero points
  std::uint16_t experts = 0;     // what has a first extent for each expert
  bool passes_on = false;        // outputs are input 0 in another form, or parts of it
  bool joins = false;            // and of the other inputs
};

// Of ONNX's own domain ("" or "ai.onnx") or another.
const OnnxOperator& onnx_operator(std::string_view domain, std::string_view name);

}  // namespace weigh
