// The directory of a zip archive, and its small records. APPNOTE.TXT 6.3.9 is the definition.
//
//   local header   "PK\3\4" … name, extra; then the record's bytes; then, if flag bit 3 is set, a data descriptor
//   …
//   central entry  "PK\1\2" … sizes, crc, offset of the local header, name, extra (Zip64 sizes: tag 1), comment
//   …
//   Zip64 end      "PK\6\6" … 64-bit count, size and offset of the directory; found by its locator "PK\6\7"
//   end            "PK\5\6" … 16-bit count, 32-bit size and offset of the directory; a comment of up to 65535 bytes
//
// PyTorch stores every record uncompressed, pads local headers so that data begins at multiples of 64, sets flag bits 3
// and 11, and uses Zip64 fields for what needs them.
//
// Readers of zip files have been fooled by archives whose parts disagree, so all must agree here: local headers with
// central ones, sizes with the file, ranges with each other. A library would do for the records, but libzip does not
// tell where an entry lies, so overlaps could not be seen, and it starts with a dozen libraries of its own. zlib
// inflates.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bytes/flat_index.h"
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

  bool is_stored() const { return method == 0; }
};

class ZipDirectory {
 public:
  // Whether a file with these first bytes, 22 or more, begins with a local header or is an empty archive.
  static bool matches(std::string_view head);
  // Reads and checks the directory and every local header. Throws Error. `source` must outlive it.
  ZipDirectory(Source& source, const Limits& limits);

  // In the order of the central directory.
  std::span<const ZipEntry> entries() const { return entries_; }
  const ZipEntry* find(std::string_view name) const;  // null where there is none
  // Where the record's bytes begin in the source, compressed or not. Throws Error.
  std::uint64_t data_offset(const ZipEntry& entry) const { return check_local_header(entry); }
  // The record's bytes, inflated, its crc checked. Throws Error.
  std::string read(const ZipEntry& entry) const;
  // Its first `length` bytes, or all where it has fewer; of a compressed record only what these take is read and
  // inflated. Their checksum is not known. Throws Error.
  std::string read_head(const ZipEntry& entry, std::uint64_t length) const;

 private:
  struct End;
  End find_end() const;
  void read_zip64_end(End& end, std::uint64_t end_offset) const;
  void read_entries(const End& end);
  void index_names();
  void check_layout(std::uint64_t directory_offset) const;
  std::uint64_t check_local_header(const ZipEntry& entry) const;
  std::string inflate(const ZipEntry& entry, const std::string& stored) const;
  void check_inflates(const ZipEntry& entry, std::uint64_t length) const;
  [[noreturn]] void fail(const std::string& message, std::uint64_t offset) const;

  Source& source_;
  const Limits& limits_;
  std::string directory_;  // the central directory's bytes, which the names view
  std::vector<ZipEntry> entries_;
  mutable std::uint64_t inflated_ = 0;  // bytes so far, of all entries
  FlatIndex by_name_;                   // over entries_
};

}  // namespace weigh
