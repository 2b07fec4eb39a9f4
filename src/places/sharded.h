// Sharded safetensors, or state dicts of torch.save ("pytorch_model.bin.index.json"): an index beside its shards, or a
// directory of shards.
//
//   {"metadata": {"total_size": BYTES, …}, "weight_map": {"NAME": "model-00001-of-00002.safetensors", …}}
//
// What contradicts inside one file is an error; what contradicts between files is a note, since each can still be
// weighed: a shard that is missing or that the index does not name, a tensor that is not where the index says.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bytes/folder.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Whether the source is JSON text with a "weight_map".
bool matches_index(Glance& glance);

// `name` is the index in the folder.
void read_index(Folder& folder, std::string_view name, const ReadOptions& options, Model& model);

// Shards without an index, each a safetensors or each a .bin file of the folder.
void read_shards(Folder& folder, const std::vector<std::string>& names, const ReadOptions& options, Model& model);

}  // namespace weigh
