// The stream that torch.save wrote before 1.6, and still writes with _use_new_zipfile_serialization=False:
//
//   pickle  the magic number 0x1950a86a20f9469cfc6c
//   pickle  the protocol version, 1001
//   pickle  a dict about the system: protocol_version, little_endian, type_sizes
//   pickle  the object; a storage is ('storage', class, key, location, numel, view), a view (key, offset, numel) or
//   None pickle  a list of the storages' keys then for each key: int64 number of elements, and the elements
#include <algorithm>
#include <unordered_map>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"
#include "formats/pytorch/archive.h"
#include "formats/pytorch/storage.h"
#include "formats/pytorch/walk.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// PROTO 2, LONG1 of ten bytes, the magic number. Text protocols write it in decimal.
constexpr std::string_view kMagic("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19", 12);
constexpr std::string_view kMagicInText = "L119547037146038801333356L\n";
constexpr std::uint64_t kFirstWindow = std::uint64_t{64} * 1024;

}  // namespace

bool looks_like_legacy(std::string_view head) {
  std::string_view rest = head;
  if (rest.size() > 2 && rest[0] == '\x80') rest.remove_prefix(2);  // PROTO
  if (rest.size() > 9 && rest[0] == '\x95') rest.remove_prefix(9);  // FRAME
  return rest.starts_with(kMagic) || rest.starts_with(kMagicInText);
}

namespace {

class LegacyStream final : public Archive {
 public:
  LegacyStream(Source& source, const Limits& limits) {
    std::uint64_t offset = 0;
    auto next = [&](std::uint64_t window) {
      LoadedPickle loaded = load_pickle(source, offset, window, limits);
      offset += loaded.pickle->size();
      return loaded;
    };
    next(64);  // the magic number
    next(64);  // the protocol version
    LoadedPickle system = next(512);
    little_endian_ = boolean_or(pickle::find(system.pickle->root().entries(), "little_endian"), true);
    object_ = next(kFirstWindow);
    LoadedPickle keys = next(4096);
    measure_storages(source, keys.pickle->root(), offset);
  }

  Value root() const override { return object_.pickle->root(); }
  std::string_view form() const override { return "legacy stream"; }

  std::optional<std::uint64_t> storage_bytes(std::string_view key) const override {
    auto found = bytes_.find(key);
    if (found == bytes_.end()) return std::nullopt;
    return found->second.bytes;
  }

  std::optional<std::uint64_t> storage_offset(std::string_view key) const override {
    auto found = bytes_.find(key);
    if (found == bytes_.end()) return std::nullopt;
    return found->second.offset;
  }

  void describe(Model& model) const override {
    if (!little_endian_) model.metadata.emplace_back("byteorder", "big");
  }

 private:
  struct Held {
    std::uint64_t offset = 0;
    std::uint64_t bytes = 0;
  };

  // A storage's elements follow its count, but only the object tells how large an element is.
  void measure_storages(Source& source, Value keys, std::uint64_t offset) {
    std::unordered_map<std::string_view, Storage> declared;
    for_each_node(root(), [&](Value node) {
      if (is_storage_as_text(node))
        throw Error(ErrorKind::unsupported, source.label(), fmt::format("a tensor {}", kStorageAsText));
      if (std::optional<Storage> storage = storage_of(node)) declared.emplace(storage->key, *storage);
    });
    for (Value key : keys.items()) {
      auto storage = declared.find(key.is(Kind::string) ? key.text() : std::string_view());
      if (storage == declared.end()) {
        throw Error(ErrorKind::corrupt, source.label(), "the list of storages names one that no tensor uses", offset);
      }
      std::uint64_t count = read_count(source, offset);
      std::optional<std::uint64_t> bytes = checked_mul(count, bytes_per_element(storage->second));
      offset += sizeof(count);
      if (!bytes || !fits(offset, *bytes, source.size())) {
        throw Error(ErrorKind::truncated, source.label(),
                    fmt::format("storage '{}' holds {} elements, but only {} bytes are left; is the file incomplete?",
                                key.text(), count, source.size() - offset),
                    offset);
      }
      bytes_.emplace(storage->first, Held{offset, *bytes});
      offset += *bytes;
    }
  }

  std::uint64_t read_count(Source& source, std::uint64_t offset) const {
    std::string bytes = source.read(offset, sizeof(std::uint64_t));
    if (!little_endian_) std::reverse(bytes.begin(), bytes.end());
    return Cursor(source.label(), bytes, offset).little<std::uint64_t>("count");
  }

  LoadedPickle object_;
  bool little_endian_ = true;
  std::unordered_map<std::string_view, Held> bytes_;  // by key
};

}  // namespace

std::unique_ptr<Archive> open_legacy(Source& source, const Limits& limits) {
  return std::make_unique<LegacyStream>(source, limits);
}

}  // namespace weigh::pytorch
