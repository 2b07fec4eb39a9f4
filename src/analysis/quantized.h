// Finding weights that were quantised after training by the names, dtypes and shapes of the tensors of a layer.
// What libraries write is told by conventions/packed_layouts.cpp.
// The tensors tell what they can; what the configuration says is asked where they do not.
#pragma once

#include "weigh/model.h"
#include "weigh/quantized.h"

namespace weigh {

QuantizedWeights find_quantized(const Model& model);

}  // namespace weigh
