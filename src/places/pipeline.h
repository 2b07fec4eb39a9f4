// A pipeline of diffusers: a directory of components, each a model, a scheduler or a tokenizer.
//
//   model_index.json   {"_class_name": "StableDiffusionPipeline", "_diffusers_version": "0.42.1",
//                       "unet": ["diffusers", "UNet2DConditionModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
//                       "safety_checker": [null, null], "requires_safety_checker": false}
//   unet/              config.json and weights, as in a directory of their own
//   tokenizer/         no weights
//
// Members that are lists name a component's library and class; nulls say that it is not used. The folder has the
// member's name. Each component is read as its directory alone would be.
#pragma once

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_pipeline(const Folder& folder);
void read_pipeline(Folder& folder, const ReadOptions& options, Model& model);

}  // namespace weigh
