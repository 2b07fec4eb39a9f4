// adapter_config.json, which PEFT keeps beside the weights of an adapter: what a small model adds to a large one.
//
//   {"peft_type": "LORA", "base_model_name_or_path": "meta-llama/…" or a path, "r": 8, "lora_alpha": 16,
//    "target_modules": ["q_proj", "v_proj"] or an expression, …}
//
// Weights are called as in the base, behind "base_model.model.": "….q_proj.lora_A.weight" adapts "….q_proj", and what
// has the very name of a tensor of the base takes its place (modules_to_save).
#pragma once

#include <string>

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// Takes Config::adapter from the folder's adapter_config.json, where the model is an adapter's and there is one. What
// is wrong with the file is a note.
void read_adapter(const Folder& folder, const ReadOptions& options, Model& model);

// Looks for the base beside the adapter, whose folder is at this path: a folder of its name in it or next to it. No
// other path that the file names is opened.
void find_base(const std::string& path, const ReadOptions& options, Model& model);

}  // namespace weigh
