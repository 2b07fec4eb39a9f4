// Checkpoints of Orbax (JAX): a directory, told by its _METADATA or _CHECKPOINT_METADATA.
//
//   _CHECKPOINT_METADATA       written when all is saved; the items of a step lie in folders beside it ("default")
//   _METADATA                  {"tree_metadata": {"('params', 'w')": {"key_metadata": [{"key": "params"}, …],
//                              "value_metadata": {"value_type": "jax.Array", "write_shape": [4]}}}, "use_ocdbt": true}
//   _sharding                  {base64 of "params.w": "{\"sharding_type\": \"SingleDeviceSharding\", …}"}
//   params.w/.zarray           without OCDBT: {"shape": [4], "dtype": "<f4"}; with Zarr 3 params.w/zarr.json
//   manifest.ocdbt, d/…        with OCDBT: shapes and types lie in its B-tree, compressed, which is not read
//
// With OCDBT the shape that one process wrote is known, and how the array was sharded: an array on one device is as it
// was written; one that a mesh shares is as many times larger as the mesh is, along the axes that it shares. Its type
// is not known then, nor are its bytes.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_orbax(const Folder& folder);
void read_orbax(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
