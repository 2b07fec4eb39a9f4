// Checkpoints of Orbax (JAX): a directory, told by its _METADATA or _CHECKPOINT_METADATA.
//
//   _CHECKPOINT_METADATA       written when all is saved; the items of a step lie in folders beside it ("default")
//   _METADATA                  {"tree_metadata": {"('params', 'w')": {"key_metadata": [{"key": "params"}, …],
//                              "value_metadata": {"value_type": "jax.Array"}}}, "use_ocdbt": true}
//   params.w/.zarray           what Zarr says of an array: {"shape": [4], "dtype": "<f4"}; with Zarr 3
//                              params.w/zarr.json, {"shape": [4], "data_type": "float32"}
//   manifest.ocdbt, d/…        with OCDBT the files of Zarr are values of this database (wire/ocdbt.h)
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_orbax(const Folder& folder);
void read_orbax(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
