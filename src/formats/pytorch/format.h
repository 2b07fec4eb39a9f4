// PyTorch files: what torch.save and Lightning write.
//
//   since 1.6  a zip archive, every record stored, never compressed, aligned to 64 bytes:
//                NAME/data.pkl      the pickled object; tensors refer to storages by persistent identifiers
//                NAME/data/KEY      one record a storage, raw bytes
//                NAME/version       "3"; also NAME/byteorder, NAME/.data/serialization_id, NAME/.format_version, …
//   0.1.11 on  a stream ("legacy"): five pickles (magic number, protocol, system, the object, storage keys), then for
//              each key an int64 count and the raw bytes; see pytorch/legacy.cpp
//   before     a tar archive of `sys_info`, `pickle`, `storages` and `tensors`; see pytorch/tar_archive.cpp
//
// The object may be a state dict, a checkpoint that holds some, a whole pickled module, or anything with tensors in it.
// docs/formats/pytorch.md
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_pytorch(Glance& glance);
void read_pytorch(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
