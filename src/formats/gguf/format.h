// GGUF files as models, and models split into several: "NAME-00001-of-00003.gguf", each a GGUF file of its own with
// "split.no", "split.count" and "split.tensors.count" among its facts. The format: gguf_header.h.
#pragma once

#include <string_view>

#include "bytes/folder.h"
#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_gguf(Glance& glance);
void read_gguf(Source& source, const ReadOptions& options, Model& model);

// Whether it is called like a part of a split model.
bool is_gguf_part(std::string_view name);
// All parts of the model that the part `name` is of. One that is missing or does not belong is noted.
void read_gguf_parts(Folder& folder, std::string_view name, const ReadOptions& options, Model& model);

}  // namespace weigh
