// A directory of sentence-transformers (6.2): a chain of modules, of which the first is a model of its own and others
// may have weights, too.
//
//   modules.json   [{"idx": 0, "name": "0", "path": "", "type": "….Transformer"},
//                   {"idx": 2, "name": "2", "path": "2_Dense", "type": "….Dense"}, …]
//   2_Dense/       model.safetensors or pytorch_model.bin, config.json
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Whether modules beside the first have weights: else it is the directory of one model.
bool matches_sentence_transformer(const Folder& folder);
void read_sentence_transformer(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
