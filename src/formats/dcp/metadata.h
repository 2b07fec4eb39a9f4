// What a .metadata says, taken out of its pickle. Names are views into that.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"
#include "formats/pytorch/archive.h"

#include "weigh/dtype.h"
#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::dcp {

struct StoredTensor {
  std::string_view name;
  std::string section;  // the first of the keys that lead to it; "" where the state dict is flat
  std::string path;     // what follows
  DType dtype = DType::unknown;
  bool requires_grad = false;
  std::vector<Extent> shape;
  std::uint64_t bytes = 0;
  std::size_t chunks = 0;
  std::size_t places = 0;  // of its chunks, that the storage tells
};

struct StoredFile {
  std::uint64_t end = 0;  // behind the last byte that is said to lie in it
  std::size_t items = 0;
};

struct Metadata {
  std::vector<StoredTensor> tensors;
  std::vector<std::string_view> objects;  // names of what is no tensor
  std::map<std::string, StoredFile> files;
  std::vector<Note> notes;
  pytorch::LoadedPickle pickle;  // which the names view
};

// Throws Error where it is no such pickle, or names what is dangerous.
Metadata read_metadata(Source& source, const Limits& limits);

}  // namespace weigh::dcp
