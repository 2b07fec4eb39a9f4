// TensorProto of ONNX: a shape, an element type and the elements, which are not read.
//
//   1 dims   2 data_type   8 name   12 doc_string   14 data_location (1: in another file)   13 external_data (key,
//   value) 9 raw_data: little-endian, as wide as the type is; types below 8 bits share bytes 4 float_data   5
//   int32_data   6 string_data   7 int64_data   10 double_data   11 uint64_data: packed numbers instead.
//     int32_data holds every narrow type, too: 8 and 16 bits one in a number, 4 bits two, 2 bits four
//
// SparseTensorProto: 1 values (a tensor with a name), 2 indices (a tensor of int64), 3 dims.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "wire/protobuf.h"

#include "weigh/count.h"
#include "weigh/dtype.h"
#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

// Where the elements are that lie in another file. It is never opened.
struct OnnxExternal {
  std::string location;
  std::uint64_t offset = 0;
  std::optional<std::uint64_t> length;
  std::uint64_t bytes = 0;  // the length, or what type and shape need where none is told
};

struct OnnxTensor {
  std::string name;
  std::vector<Extent> shape;
  std::int64_t type = 0;  // ONNX's number
  DType dtype = DType::unknown;
  std::uint64_t elements = 0;
  std::uint64_t stored_bytes = 0;  // in this file or in the other
  Layout layout = Layout::strided;
  bool has_data = true;
  std::optional<std::uint64_t> plain_at;  // where the elements lie in this file as they are
  std::vector<OnnxExternal> externals;    // one, and of a sparse tensor up to two: of its values and its indices
};

// Throws Error where the message contradicts itself: what is stored is not what type and shape need.
OnnxTensor read_onnx_tensor(ProtoMessage message, const Limits& limits);
OnnxTensor read_onnx_sparse_tensor(ProtoMessage message, const Limits& limits);

}  // namespace weigh
