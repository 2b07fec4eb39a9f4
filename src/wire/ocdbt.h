// OCDBT: the database of keys and values in which Orbax keeps Zarr arrays. A B+tree, whose nodes lie in data files
// beside the manifest; of the versions that the manifest lists, the last one counts. After TensorStore's specification:
// https://google.github.io/tensorstore/kvstore/ocdbt/#storage-format
//
//   manifest.ocdbt  an envelope (0x0cdb3a2a): configuration, table of files, versions, version nodes (older versions)
//   node            an envelope (0x0cdb20de): u8 height, table of files, varint entries, the entries by column
//   envelope        u32be magic, u64 length of all of it, varint version (0), varint compression (0 none, 1 Zstandard),
//                   the compressed body, u32 CRC-32C of all before
//   configuration   16 bytes, varint kind (0: the versions are here), varint, varint, u8, varint compression
//                   [i32 level, if it is 1]
//   table of files  varint files; by column: bytes shared with the path before (of all but the first), further bytes,
//                   bytes of the path that hold for the nodes below, too; the further bytes
//   versions        varint versions; by column: generation, u8 height of the root; file, offset, length of it;
//                   three statistics; u64 time
//   keys            by column: bytes shared with the key before (of all but the first), further bytes
//                   [height > 0: how many bytes all keys below begin with]; the further bytes
//   height 0        keys; by column: length of the value, 0 inline or 1 in a file; files, offsets of those in files;
//                   the inline values
//   height > 0      first keys of the children; by column: file, offset, length; three statistics
//
// Numbers are varints where nothing else is said, little-endian else. Keys ascend, and are told without what all keys
// of their node begin with. A child is one level lower than its parent: the tree has no circles.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/cursor.h"
#include "bytes/folder.h"

#include "weigh/limits.h"

namespace weigh {

struct OcdbtDataFile {
  std::string path;
  std::size_t base = 0;  // how much of it stands before the paths of files that its nodes name
};

class Ocdbt {
 public:
  static constexpr std::string_view kManifest = "manifest.ocdbt";

  // Reads the manifest. Both must outlive it. Throws Error, as find(…) does.
  Ocdbt(const Folder& folder, const Limits& limits);

  // Those of the keys that it holds, with their values.
  std::map<std::string, std::string> find(std::vector<std::string> keys);

 private:
  struct Place {
    OcdbtDataFile file;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  using Keys = std::span<const std::string>;
  // What a node leads to, to be read when it is gone.
  struct Child {
    Place place;
    std::string prefix;  // of all keys in it
    Keys wanted;
  };
  struct Work {
    std::vector<Child> children;
    std::vector<std::pair<std::string, Place>> values;
  };

  std::string open_envelope(std::string_view label, std::string_view bytes, std::uint32_t magic);
  void read_versions(Cursor& in);
  std::string read_bytes(const Place& place, const char* what);
  void visit(const Child& node, unsigned height);
  Work look_through(const Child& node, unsigned height, std::string_view label, std::string_view bytes);
  void take_children(Cursor& in, const std::vector<OcdbtDataFile>& files, std::uint64_t count, const Child& node,
                     Work& work);
  void take_values(Cursor& in, const std::vector<OcdbtDataFile>& files, std::uint64_t count, const Child& node,
                   Work& work);
  void count_key(std::size_t bytes);
  std::uint64_t left() const { return limits_.ocdbt_bytes - std::min(read_, limits_.ocdbt_bytes); }

  const Folder& folder_;
  const Limits& limits_;
  Place root_;
  unsigned root_height_ = 0;
  bool has_root_ = false;
  std::uint64_t read_ = 0;       // bytes of nodes and values, as they lie and inflated
  std::uint64_t key_bytes_ = 0;  // of all keys so far
  std::string open_path_;
  std::unique_ptr<Source> open_;  // the data file that was read last
  std::map<std::string, std::string> found_;
};

}  // namespace weigh
