// config.json, which Hugging Face keeps beside a model's weights.
//
// It is an object whose keys are the arguments of the model's class. What counts here goes by many names: a mixture of
// experts has "n_routed_experts" (DeepSeek), "num_local_experts" (Mixtral), "num_experts" (Qwen), "moe_num_experts"
// (ERNIE). A model of text and images keeps the text's part at the top or in an object ("text_config", "llm_config").
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Takes the architecture's name, a few facts, and Model::config from the folder's config.json, if it has one, and ties
// the output layer to the embedding where it says so. A file that cannot be read is a note: the weights do not depend
// on it.
void read_config(const Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
