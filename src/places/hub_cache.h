// A model in the cache of huggingface_hub (2.4), of which one file is there once for all revisions:
//
//   models--ORG--NAME/refs/main            the commit that a branch stands at
//   models--ORG--NAME/snapshots/COMMIT/…   the files of a revision, links into
//   models--ORG--NAME/blobs/ETAG           their contents; ETAG.….incomplete while they are downloaded
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_hub_cache(const Folder& folder);
// The revision that refs/main names, or the only one there. What was not downloaded to the end is noted. Throws
// Error(unsupported) where there is no revision, or several and no refs/main.
void read_hub_cache(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
