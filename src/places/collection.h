// A directory that is no model but holds some: files side by side ("epoch=1.ckpt", "epoch=2.ckpt"), or folders of
// models, also a few folders deep ("transformer/480p", "transformer/720p").
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "bytes/folder.h"
#include "places/directory.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

// One of them: a folder that is a model as a whole, or files of it.
struct CollectedModel {
  std::string name;    // below the directory: "run/epoch=1.ckpt", "run"
  std::string folder;  // below the directory; "" for itself
  ModelFiles files;    // empty: the whole folder
};

// By name, numbers in names by value. Empty where the directory is a model itself. Not all need be one: files without a
// telling name are looked at when they are read.
std::vector<CollectedModel> find_models(const Folder& folder);

}  // namespace weigh
