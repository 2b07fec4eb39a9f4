// Databases of OCDBT made node by node, so that any part can lie.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "support/sstable.h"

namespace weigh::testing {

inline constexpr std::uint32_t kOcdbtManifest = 0x0cdb'3a2a;
inline constexpr std::uint32_t kOcdbtNode = 0x0cdb'20de;

inline std::string ocdbt_envelope(std::uint32_t magic, const std::string& body, std::uint64_t compression = 0,
                                  std::uint64_t version = 0) {
  const std::string head = varint(version) + varint(compression) + body;
  const auto length = static_cast<std::uint32_t>(4 + 8 + head.size() + 4);
  const std::string begin = u32_of(__builtin_bswap32(magic)) + u32_of(length) + u32_of(0) + head;
  return begin + u32_of(crc32c(begin));
}

// One data file, whose path holds `base` bytes for nodes below, too.
inline std::string ocdbt_files(const std::string& path, std::uint64_t base = 0) {
  return varint(1) + varint(path.size()) + varint(base) + path;
}

struct OcdbtRoot {
  std::uint64_t height = 0;
  std::uint64_t file = 0;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};
inline std::string ocdbt_manifest(const OcdbtRoot& root, const std::string& files, char kind = 0) {
  const std::string configuration = std::string(16, 'u') + kind + varint(100) + varint(1000) + '\4' + varint(0);
  return configuration + files + varint(1) + varint(1) + static_cast<char>(root.height) + varint(root.file) +
         varint(root.offset) + varint(root.length) + std::string(3, '\0') + std::string(8, '\0') + varint(0);
}

// What an entry shares with the one before, what it adds, and its value, which lies here.
struct OcdbtEntry {
  std::uint64_t shared = 0;
  std::string more;
  std::string value;
};
inline std::string ocdbt_leaf(const std::vector<OcdbtEntry>& entries, char height = 0) {
  std::string columns[6];
  for (const OcdbtEntry& entry : entries) {
    if (&entry != entries.data()) columns[0] += varint(entry.shared);
    columns[1] += varint(entry.more.size());
    columns[2] += entry.more;
    columns[3] += varint(entry.value.size());
    columns[4] += varint(0);
    columns[5] += entry.value;
  }
  std::string body = height + ocdbt_files("d") + varint(entries.size());
  for (const std::string& column : columns) body += column;
  return body;
}

}  // namespace weigh::testing
