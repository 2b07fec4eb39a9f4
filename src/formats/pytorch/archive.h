// The container of a PyTorch file: where its object is pickled, and how large its storages are.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"
#include "formats/pytorch/python.h"
#include "formats/pytorch/storage.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh::pytorch {

// A tensor that the container itself describes, as the tar form does.
struct StoredTensor {
  Storage storage;
  std::uint64_t offset = 0;
  std::vector<std::int64_t> sizes;
  std::vector<std::int64_t> strides;
};

class Archive {
 public:
  virtual ~Archive() = default;

  // The pickled object.
  virtual Value root() const = 0;
  // Bytes that the file holds for a storage; nothing where it holds none under this key.
  virtual std::optional<std::uint64_t> storage_bytes(std::string_view key) const = 0;
  // Where those bytes begin in the file, for a storage that it holds; nothing where they are compressed.
  virtual std::optional<std::uint64_t> storage_offset(std::string_view key) const = 0;
  // The tensor that a persistent identifier stands for; null where there is none.
  virtual const StoredTensor* tensor_of(Value /*identifier*/) const { return nullptr; }
  // "zip", "legacy stream", "tar".
  virtual std::string_view form() const = 0;
  // Records of facts ("byteorder": "big") for the model's metadata.
  virtual void describe(Model&) const {}
};

// A pickle together with the bytes that its values view.
struct LoadedPickle {
  std::unique_ptr<std::string> bytes;
  std::unique_ptr<pickle::Pickle> pickle;
};

// Loads the pickle at `offset` of a source in which other bytes follow: reads a window and widens it only while the
// pickle does not end in it, so that little of what follows is read. Throws Error where it names what is dangerous.
LoadedPickle load_pickle(Source& source, std::uint64_t offset, std::uint64_t window, const Limits& limits);

// By the first 512 bytes.
bool looks_like_legacy(std::string_view head);
bool looks_like_tar(std::string_view head);

// Every pickle that torch.load would run is looked at, those that describe the container, too: throws Error where one
// names what is dangerous.
std::unique_ptr<Archive> open_zip(Source& source, const Limits& limits);
std::unique_ptr<Archive> open_legacy(Source& source, const Limits& limits);
std::unique_ptr<Archive> open_tar(Source& source, const Limits& limits);

}  // namespace weigh::pytorch
