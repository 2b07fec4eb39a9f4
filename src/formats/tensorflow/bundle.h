// A checkpoint of TensorFlow ("tensor bundle"): NAME.index, a table (wire/sstable.h) of what there is, and
// NAME.data-00000-of-00002 and so on, the bytes. Values of the table are protocol buffers:
//
//   ""      BundleHeaderProto   1 number of shards, 2 byte order (1: big)
//   name    BundleEntryProto    1 type, 2 shape, 3 shard, 4 offset and 5 size in it, 6 checksum, 7 slices
//   "\0…"   BundleEntryProto    a slice of a tensor that was written in parts: "\0", its name, "\0\1", which slice
//
//   TensorShapeProto  2 [dimension: 1 size]
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bytes/folder.h"
#include "bytes/source.h"

#include "weigh/count.h"
#include "weigh/dtype.h"
#include "weigh/limits.h"

namespace weigh::tensorflow {

struct Entry {
  std::string name;
  DType dtype = DType::unknown;  // of text, too
  std::uint64_t type = 0;        // DataType of types.proto
  std::vector<Extent> shape;
  std::uint64_t shard = 0;
  std::uint64_t offset = 0;
  std::uint64_t size = 0;
  std::uint32_t crc = 0;
  bool is_in_slices = false;  // its bytes are those of slices; `size` is their sum

  bool is_text() const { return type == 7; }
};

class Bundle {
 public:
  // The table "NAME.index" of the folder, which must outlive it. Throws Error.
  Bundle(const Folder& folder, std::string name, const Limits& limits);

  // In the order of their names.
  const std::vector<Entry>& entries() const { return entries_; }
  const Entry* find(std::string_view name) const;
  bool is_big_endian() const { return is_big_endian_; }
  // Bytes of the table and of the shards that are there.
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t shard_count() const { return shards_.size(); }
  std::string shard_name(std::uint64_t shard) const;
  std::vector<std::string> missing_shards() const;
  // Text of a scalar, of at most `most` bytes; nothing where its shard is not there.
  std::optional<std::string> text(const Entry& entry, std::uint64_t most, const char* limit) const;

 private:
  struct Part {
    std::uint64_t shard = 0;
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
    std::size_t entry = 0;  // or that of a slice
  };

  void read_table(Source& source);
  void read_header(std::string_view bytes);
  Entry read_entry(std::string_view name, std::string_view bytes) const;
  void add_slices();
  void open_shards();
  void check_places();
  void check_size(const Entry& entry) const;
  [[noreturn]] void fail(std::string message) const;

  const Folder& folder_;
  const std::string name_;
  const Limits& limits_;
  std::string label_;
  std::vector<Entry> entries_;
  std::vector<Entry> slices_;                         // named as what they are slices of
  std::vector<std::optional<std::uint64_t>> shards_;  // their sizes, of those that are there
  bool has_header_ = false;
  bool is_big_endian_ = false;
  std::uint64_t bytes_ = 0;
};

// The element type with TensorFlow's number; unknown for text and for numbers newer than this program.
DType dtype_of(std::uint64_t type);

}  // namespace weigh::tensorflow
