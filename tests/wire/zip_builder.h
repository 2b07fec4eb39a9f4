// Archives made field by field, so that any field can lie.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace weigh::testing {

// What both headers of an entry tell of it.
struct ZipHeader {
  std::uint16_t flags = 0;
  std::uint16_t method = 0;
  std::uint32_t crc = 0;
  std::uint32_t stored_size = 0;
  std::uint32_t size = 0;
  std::string name = {};
  std::string extra = {};
};

struct ZipPart {
  ZipHeader local = {};
  ZipHeader central = {};
  std::string bytes = {};    // as they lie in the file
  std::string between = {};  // what follows them: a data descriptor
  std::string comment = {};
  std::optional<std::uint32_t> offset = {};  // of the local header; where it is, unless it lies
};

struct ZipArchive {
  std::vector<ZipPart> parts = {};
  std::string between = {};  // what follows the last part
  std::string comment = {};
  std::uint16_t disk = 0;
  std::uint16_t directory_disk = 0;
  // What the end record tells, where it is not the truth.
  std::optional<std::uint16_t> entries_here = {};
  std::optional<std::uint16_t> entries = {};
  std::optional<std::uint32_t> size = {};
  std::optional<std::uint32_t> offset = {};
  // The same for the Zip64 end record, where there is one.
  bool has_zip64_end = false;
  std::optional<std::uint64_t> wide_entries = {};
  std::optional<std::uint64_t> wide_size = {};
  std::optional<std::uint64_t> wide_offset = {};
  std::optional<std::uint64_t> wide_at = {};
  std::string wide_signature = "PK\6\6";
};

template <class T>
std::string little(T value) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i) bytes += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
  return bytes;
}
inline std::string u16(std::uint64_t value) { return little(static_cast<std::uint16_t>(value)); }
inline std::string u32(std::uint64_t value) { return little(static_cast<std::uint32_t>(value)); }
inline std::string u64(std::uint64_t value) { return little(value); }

inline std::uint32_t crc_of(std::string_view bytes) {
  return static_cast<std::uint32_t>(::crc32_z(0, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size()));
}

inline std::string deflate(std::string_view bytes) {
  z_stream stream = {};
  ::deflateInit2(&stream, 9, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY);
  std::string out(::deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  ::deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  ::deflateEnd(&stream);
  return out;
}

inline ZipPart part_of(std::string name, std::string_view bytes, std::uint16_t method, std::string in_file) {
  ZipPart part;
  part.local.method = method;
  part.local.crc = crc_of(bytes);
  part.local.stored_size = static_cast<std::uint32_t>(in_file.size());
  part.local.size = static_cast<std::uint32_t>(bytes.size());
  part.local.name = std::move(name);
  part.central = part.local;
  part.bytes = std::move(in_file);
  return part;
}
inline ZipPart stored(std::string name, std::string_view bytes) {
  return part_of(std::move(name), bytes, 0, std::string(bytes));
}
inline ZipPart deflated(std::string name, std::string_view bytes) {
  return part_of(std::move(name), bytes, 8, deflate(bytes));
}

inline std::string local_header(const ZipHeader& h) {
  return "PK\3\4" + u16(20) + u16(h.flags) + u16(h.method) + u32(0) + u32(h.crc) + u32(h.stored_size) + u32(h.size) +
         u16(h.name.size()) + u16(h.extra.size()) + h.name + h.extra;
}

inline std::string central_entry(const ZipPart& part, std::uint64_t offset) {
  const ZipHeader& h = part.central;
  return "PK\1\2" + u16(20) + u16(20) + u16(h.flags) + u16(h.method) + u32(0) + u32(h.crc) + u32(h.stored_size) +
         u32(h.size) + u16(h.name.size()) + u16(h.extra.size()) + u16(part.comment.size()) + u16(0) + u16(0) + u32(0) +
         u32(part.offset.value_or(static_cast<std::uint32_t>(offset))) + h.name + h.extra + part.comment;
}

inline std::string zip64_end(const ZipArchive& archive, std::uint64_t size, std::uint64_t offset) {
  const std::uint64_t entries = archive.wide_entries.value_or(archive.parts.size());
  return archive.wide_signature + u64(44) + u16(45) + u16(45) + u32(0) + u32(0) + u64(entries) + u64(entries) +
         u64(archive.wide_size.value_or(size)) + u64(archive.wide_offset.value_or(offset)) + "PK\6\7" + u32(0) +
         u64(archive.wide_at.value_or(offset + size)) + u32(1);
}

inline std::string build(const ZipArchive& archive) {
  std::string bytes;
  std::string directory;
  for (const ZipPart& part : archive.parts) {
    directory += central_entry(part, bytes.size());
    bytes += local_header(part.local) + part.bytes + part.between;
  }
  bytes += archive.between;
  const std::size_t offset = bytes.size();
  const std::size_t size = directory.size();
  bytes += directory;
  if (archive.has_zip64_end) bytes += zip64_end(archive, size, offset);
  const std::size_t entries = archive.entries.value_or(static_cast<std::uint16_t>(archive.parts.size()));
  bytes += "PK\5\6" + u16(archive.disk) + u16(archive.directory_disk) + u16(archive.entries_here.value_or(entries)) +
           u16(entries) + u32(archive.size.value_or(static_cast<std::uint32_t>(size))) +
           u32(archive.offset.value_or(static_cast<std::uint32_t>(offset))) + u16(archive.comment.size()) +
           archive.comment;
  return bytes;
}

}  // namespace weigh::testing
