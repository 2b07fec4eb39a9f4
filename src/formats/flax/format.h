// Parameters of Flax as flax.serialization.to_bytes writes them ("flax_model.msgpack"): a msgpack map of maps, whose
// leaves are extensions.
//
//   1  an array: [shape, name of its type, bytes] in msgpack      2  a complex number      3  a number of NumPy, as 1
//
// An array of more than a gigabyte is a map instead: {"__msgpack_chunked_array__": true, "shape": {"0": …},
// "chunks": {"0": array, …}}. A training state holds "step", "params" and "opt_state"; variables of a model "params"
// beside other collections, such as "batch_stats".
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// msgpack has no sign of its own: the first bytes must be nested maps with names that lead to an array.
bool matches_flax(Glance& glance);
void read_flax(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
