// TensorFlow Lite (LiteRT): a graph of operators with its constants. The file: tflite_graph.h.
//
// It has no modules; names of tensors tell them: "cnn/stem/convolution" is the tensor "convolution" of "cnn.stem". Nor
// does it tell parameters from other constants: what may be trained, or has scales of a quantization, is taken for one.
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_tflite(Glance& glance);
void read_tflite(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
