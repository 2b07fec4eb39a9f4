// One model in files of ranks, each of which holds a part of the tensors:
//
//   consolidated.00.pth, consolidated.01.pth, …, params.json   Meta's Llama: matrices split by rows or columns
//   model_world_size_2_rank_0.pt, …                             verl: DTensors, which tell their whole shapes
//   shard-00001-model-00001-of-00001.safetensors, …             torch.distributed.checkpoint's
//   HuggingFaceStorageWriter;
//       __metadata__.DCP_SHARDING_INFO = {"TENSOR": {"saved_offsets": [2, 0]}, …}
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_rank_files(const Folder& folder);
// Ranks that are not there are noted, and the totals are lower bounds.
void read_rank_files(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
