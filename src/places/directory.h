// Which files of a directory are its model.
//
// Hugging Face's libraries keep one model under fixed names, and often several times: in two formats
// ("model.safetensors", "pytorch_model.bin"), in two precisions ("model.fp16.safetensors"), in shards and as the
// authors' one file
// ("consolidated.safetensors"). These are one model, so one of them is read: without a variant before with one,
// safetensors before PyTorch's, an index before a single file, as the libraries do. The others are named in notes.
// Other names that differ in their ending or precision alone ("net.pt", "net.fp16.safetensors") are one model, too.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "bytes/folder.h"

#include "weigh/model.h"

namespace weigh {

// The files of one model: an index or a single file, or shards without an index.
struct ModelFiles {
  std::string file;
  std::vector<std::string> shards;

  const std::string& name() const { return shards.empty() ? file : shards.front(); }
};

struct DirectoryPlan {
  // None; one; or several side by side, of which only two were looked at: others may turn out to be no models.
  std::vector<ModelFiles> models;
  std::vector<Note> notes;  // what lies beside the one, and is not counted
};

DirectoryPlan plan_directory(const Folder& folder);

// The same where one model is wanted. Throws Error(unsupported) where there is none, or several.
DirectoryPlan plan_one_model(const Folder& folder);

}  // namespace weigh
