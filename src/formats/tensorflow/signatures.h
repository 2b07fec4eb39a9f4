// What a SavedModel says of how it is called: its signatures.
//
//   MetaGraphDef  5 signature_def: entries (1 key, 2 SignatureDef)
//   SignatureDef  1 inputs, 2 outputs: entries (1 key, 2 TensorInfo)   3 method_name
//   TensorInfo    2 dtype   3 tensor_shape (2 dim (1 size, -1 where it varies), 3 unknown_rank)
//                 4 coo_sparse and 5 composite_tensor instead of a name
#pragma once

#include <map>
#include <string>

#include "wire/protobuf.h"

#include "weigh/limits.h"

namespace weigh::tensorflow {

// What goes in and comes out: "image float32 [?, 28, 28, 1]".
struct Signature {
  std::string in;
  std::string out;
};
using Signatures = std::map<std::string, Signature>;  // by name

// Adds that of one entry, but none of those that TensorFlow makes for itself. What is many or long is cut. Throws
// Error.
void add_signature(ProtoMessage entry, const Limits& limits, Signatures& signatures);

}  // namespace weigh::tensorflow
