// Reading: a file or a directory becomes a Model. Nothing in it is executed and no weight byte is read.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/error.h"
#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

class Source;  // src/bytes/source.h: random access to bytes
class Folder;  // src/bytes/folder.h: named sources side by side

struct ReadOptions {
  Limits limits;
  bool locations = false;  // fill Model::locations and keep recorded facts whole, for whoever reads the weights next
};

// Reads a model file, an index of shards, or a directory. Throws Error.
Model read(const std::string& path, const ReadOptions& options = {});

// The same from anything that can serve bytes. `folder` is where `name` lies: shards and config.json are looked up
// there; `name` "" means the folder itself.
Model read(Folder& folder, std::string_view name, const ReadOptions& options = {});

// Takes what it wants of a model, and returns what is to be done with that in the order of the models.
using Look = std::function<std::function<void()>(Model)>;

// Reads the models of a directory that is none itself but holds some, side by side or in folders. Several threads at
// once look(model); what that returns is called in the caller's thread, in the order of the models' names. What cannot
// be read, or makes `look` throw an Error, becomes fail(error) in its place. Returns how many they were: 0 where the
// path is one model, or no directory, or holds none.
std::size_t read_each(const std::string& path, const ReadOptions& options, const Look& look,
                      const std::function<void(const Error&)>& fail);
std::size_t read_each(Folder& folder, const ReadOptions& options, const Look& look,
                      const std::function<void(const Error&)>& fail);

struct FormatInfo {
  std::string_view name;         // "safetensors"
  std::string_view description;  // one line
};
std::vector<FormatInfo> formats();

}  // namespace weigh
