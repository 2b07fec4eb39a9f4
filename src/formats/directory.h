// Which files of a directory are its model.
#pragma once

#include <string>
#include <vector>

#include "bytes/folder.h"

namespace weigh {

struct DirectoryPlan {
  std::string file;                 // an index or a single model, where there are no shards
  std::vector<std::string> shards;  // safetensors files without an index
};

// An index, else safetensors files that are shards of one model, else the only file of a known format. Throws
// Error(unsupported) where there is none, or several models side by side.
DirectoryPlan plan_directory(const Folder& folder);

}  // namespace weigh
