// From a folder and a name in it, or a folder alone, to a model.
#pragma once

#include <optional>

#include "bytes/folder.h"
#include "places/directory.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// A directory of one model: a file, an index with its shards, or shards without one, and what lies beside them.
void read_directory(Folder& folder, const ReadOptions& options, Model& model);
// Of several in one directory; nothing where a file is of no known format.
std::optional<Model> read_if_model(Folder& folder, const ModelFiles& files, const ReadOptions& options);

}  // namespace weigh
