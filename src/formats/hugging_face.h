// config.json, which Hugging Face keeps beside a model's weights.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Takes the architecture's name and a few facts from the folder's config.json, if it has one. A file that cannot be
// read is a note: the weights do not depend on it.
void read_config(const Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
