// NumPy's .npz: a zip archive with an entry "NAME.npy" for each array (npy_header.h), stored or deflated. Of each entry
// its header alone is looked at; its size tells whether the elements are there.
//
// Programs flatten trees into names: "encoder/dense/kernel" of Flax, "layers.0.weight" of PyTorch. Both become modules.
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_npz(Glance& glance);
void read_npz(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
