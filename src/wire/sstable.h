// Sorted tables of keys and values, as LevelDB writes them; TensorFlow keeps the index of a checkpoint in one.
//
//   data blocks    entries in the order of their keys
//   meta block     nothing that is needed
//   index block    for each data block a key not before its last one, and where it lies (its handle)
//   footer         48 bytes: handles of the meta index and the index, padding, u64 0xdb4775248b80fb57
//
//   handle   varint offset, varint size (of its contents)
//   block    contents, u8 compression (0 none, 1 Snappy), u32 checksum
//   contents entries, u32 restarts…, u32 their number
//   entry    varint bytes shared with the key before, varint further bytes, varint bytes of the value, these bytes
//
// The checksum is a CRC-32C of contents and compression, turned and added to, so that the checksum of a checksum is
// none.
//
// Blocks must stand one behind the other as the index names them, and keys must ascend: else a small file could be read
// for ever.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "bytes/source.h"

#include "weigh/limits.h"

namespace weigh {

class SsTable {
 public:
  // Whether the source ends as one.
  static bool matches(Source& source);
  // Both must outlive it.
  SsTable(Source& source, const Limits& limits) : source_(source), limits_(limits) {}

  // Calls it with every key and value, in order; they last for the call. Throws Error.
  void each(const std::function<void(std::string_view key, std::string_view value)>& visit);

 private:
  struct Handle {
    std::uint64_t offset = 0;
    std::uint64_t size = 0;
  };
  using Visit = std::function<void(std::string_view key, std::string_view value)>;

  Handle read_footer();
  Handle handle(std::string_view& bytes, std::uint64_t at) const;
  std::string read_block(const Handle& handle) const;
  void each_entry(std::string_view block, std::uint64_t base, std::string& key, bool& has_key, const Visit& visit);
  [[noreturn]] void fail(const std::string& message, std::uint64_t at) const;

  Source& source_;
  const Limits& limits_;
  std::uint64_t key_bytes_ = 0;  // of all keys so far
};

}  // namespace weigh
