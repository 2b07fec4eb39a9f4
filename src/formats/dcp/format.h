// Checkpoints of torch.distributed.checkpoint: a directory of
//
//   .metadata       a pickle: Metadata(state_dict_metadata, planner_data, storage_data, …), whatever the number of
//   ranks
//                     state_dict_metadata  {name: TensorStorageMetadata(properties, size, chunks) or
//                     BytesStorageMetadata()} planner_data         {name: (key, …)}, the keys that led to it in the
//                     nested state dict storage_data         {MetadataIndex(fqn, offset): _StorageInfo(relative_path,
//                     offset, length)}
//   __RANK_N.distcp what one rank wrote: each tensor's part, or any other object, as torch.save writes it
//
// Sizes, dtypes and totals are those of the whole tensors, from .metadata alone. Of the other files only the size is
// asked for.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_dcp(const Folder& folder);
void read_dcp(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
