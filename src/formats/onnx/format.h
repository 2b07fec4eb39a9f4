// ONNX: a ModelProto, that is, a protocol buffer without a magic number. Its graph holds the operators (nodes), the
// weights among them (initialisers), and the shapes of what goes in and comes out. Graphs: formats/onnx/graphs.h,
// weights: formats/onnx/tensor.h; how a graph becomes a tree of modules: formats/onnx/scopes.h.
//
//   ModelProto  1 ir_version (varint)   2 producer_name   3 producer_version   4 domain   5 model_version   6
//   doc_string
//               7 graph   8 opset_import (1 domain, 2 version)   14 metadata_props (1 key, 2 value)
//               20 training_info   25 functions   26 configuration
//
// The format's own cap is 2 GB, that of protocol buffers; larger models keep their weights in other files ("external
// data"). These are named, never opened. No cap is applied here: weights are passed over, however many.
#pragma once

#include "bytes/folder.h"
#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Whether the fields are those of a ModelProto and of no other message that is known.
bool matches_onnx(Glance& glance);
void read_onnx(Source& source, const ReadOptions& options, Model& model);
// Compares what it says of files beside it with those in the folder, too.
void read_onnx_in(Folder& folder, Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
