// A .tflite file as plain values: a FlatBuffer (wire/flatbuffer.h) with the identifier "TFL3", whose schema is
// tensorflow/lite/schema/schema.fbs. By the numbers of its fields, of those that are looked at:
//
//   Model         0 version, 1 [OperatorCode], 2 [SubGraph], 3 description, 4 [Buffer]
//   OperatorCode  0 its code as a byte (127 where it does not fit), 1 name of a custom operator, 3 its code
//   SubGraph      0 [Tensor], 1 [inputs], 2 [outputs], 3 [Operator], 4 name
//   Tensor        0 [extents], 1 type, 2 number of its buffer, 3 name, 4 quantization, 5 is a variable, 6 sparsity,
//                 7 [extents with -1 where one varies], 10 number of an external buffer
//   Buffer        0 [bytes], or 1 offset and 2 size in the file, for files above 2 GB
//   Operator      0 number of its OperatorCode, 1 [inputs], 2 [outputs], 4 options
//
// Buffer 0 is empty; a tensor with an empty buffer is computed. Bytes of buffers are not looked at.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bytes/source.h"

#include "weigh/dtype.h"
#include "weigh/limits.h"

namespace weigh {

struct TfliteBuffer {
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
};

struct TfliteTensor {
  std::string name;
  std::vector<std::int32_t> shape;
  std::vector<std::int32_t> signature;  // the same with -1 where an extent varies; empty where none does
  std::uint8_t type = 0;
  std::uint32_t buffer = 0;
  bool is_variable = false;
  bool is_sparse = false;
  bool is_quantized = false;  // it has scales
  bool is_external = false;   // in another file
};

struct TfliteOperator {
  std::uint32_t code = 0;            // TfliteOperators.h
  std::vector<std::int32_t> inputs;  // tensors of the subgraph; -1 for one that is left out
  std::vector<std::int32_t> outputs;
  bool transposes_left = false;  // BATCH_MATMUL
};

struct TfliteSubgraph {
  std::string name;
  std::vector<TfliteTensor> tensors;
  std::vector<TfliteOperator> operators;
  std::vector<std::int32_t> inputs;
  std::vector<std::int32_t> outputs;
};

struct TfliteGraph {
  std::uint32_t version = 0;
  std::string description;
  std::vector<TfliteBuffer> buffers;
  std::vector<TfliteSubgraph> subgraphs;
};

inline constexpr std::uint8_t kTfliteString = 5;
// DType::unknown for strings, handles and what is newer than this program.
DType tflite_dtype(std::uint8_t type);
// Bits of an element in a buffer: 4 for int4, of which two share a byte. 0 where the dtype is unknown.
unsigned tflite_bits(std::uint8_t type);

// Every number of a tensor or buffer in it is one that is there. Throws Error.
TfliteGraph read_tflite_graph(Source& source, const Limits& limits);

}  // namespace weigh
