// The directory of a zip archive, and its small records.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/source.h"
#include "weigh/limits.h"

namespace weigh {

struct ZipEntry {
  std::string_view name;
  std::uint64_t header_offset = 0;  // of the local header
  std::uint64_t stored_size = 0;    // compressed
  std::uint64_t size = 0;           // uncompressed
  std::uint32_t crc32 = 0;
  std::uint16_t method = 0;  // 0 stored, 8 deflated
  std::uint16_t flags = 0;
};

class ZipDirectory {
 public:
  // Whether the source begins with a local header or is an empty archive.
  static bool matches(Source& source);
  // Reads and checks the directory. Throws Error. `source` must outlive it.
  ZipDirectory(Source& source, const Limits& limits);

  // In the order of the central directory.
  std::span<const ZipEntry> entries() const { return entries_; }
  const ZipEntry* find(std::string_view name) const;  // null where there is none
  // The record's bytes, inflated, its crc checked. Throws Error.
  std::string read(const ZipEntry& entry) const;

 private:
  Source& source_;
  Limits limits_;
  std::string directory_;  // the central directory's bytes, which the names view
  std::vector<ZipEntry> entries_;
  std::vector<std::uint32_t> by_name_;  // open addressing over entries_
};

}  // namespace weigh
