// Sorted tables made block by block, so that any part can lie.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "support/protobuf.h"
#include "wire/crc32c.h"

namespace weigh::testing {

using proto::varint;

inline std::string u32_of(std::uint32_t value) {
  std::string bytes;
  for (int i = 0; i < 4; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
  return bytes;
}

// An entry of a block: what it shares with the key before, and what is behind.
inline std::string table_entry(std::uint64_t shared, const std::string& more, const std::string& value) {
  return varint(shared) + varint(more.size()) + varint(value.size()) + more + value;
}

inline std::string with_checksum(const std::string& contents, char compression = 0) {
  const std::string block = contents + compression;
  const std::uint32_t crc = crc32c(block);
  return block + u32_of(((crc >> 15) | (crc << 17)) + 0xA282EAD8U);
}

// Blocks of entries, each with one restart, and all that belongs to a table.
inline std::string table_of(const std::vector<std::string>& blocks, char compression = 0) {
  std::string bytes;
  std::string index;
  for (std::size_t i = 0; i < blocks.size(); ++i) {
    const std::string contents = blocks[i] + u32_of(0) + u32_of(1);
    index += table_entry(0, std::string(1, static_cast<char>('a' + i)), varint(bytes.size()) + varint(contents.size()));
    bytes += with_checksum(contents, compression);
  }
  const std::string meta = u32_of(0) + u32_of(1);
  std::string footer = varint(bytes.size()) + varint(meta.size());
  bytes += with_checksum(meta);
  index += u32_of(0) + u32_of(1);
  footer += varint(bytes.size()) + varint(index.size());
  bytes += with_checksum(index);
  footer.resize(40);
  return bytes + footer + "\x57\xFB\x80\x8B\x24\x75\x47\xDB";
}

// Of keys in order, nothing shared.
inline std::string table_of_keys(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string block;
  for (const auto& [key, value] : entries) block += table_entry(0, key, value);
  return table_of({block});
}

}  // namespace weigh::testing
