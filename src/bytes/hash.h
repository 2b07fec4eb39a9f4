// Hashes for tables in memory. Seeded anew in every process, so that a file cannot be made of names that collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weigh {

// Different in every process; the same throughout one.
std::uint64_t hash_seed();

inline std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(hash ^ value ^ 0x9E37'79B9'7F4A'7C15) * 0xD6E8'FEB8'6659'FD93;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

// Eight bytes at a time.
inline std::uint64_t hash_of(std::string_view text) {
  static const std::uint64_t seed = hash_seed();
  std::uint64_t hash = seed ^ text.size();
  const char* at = text.data();
  std::size_t left = text.size();
  for (; left >= 8; left -= 8, at += 8) {
    std::uint64_t word;
    std::memcpy(&word, at, 8);
    hash = mix(hash, word);
  }
  std::uint64_t rest = 0;
  if (left > 0) std::memcpy(&rest, at, left);  // an empty view may point nowhere
  return mix(hash, rest);
}

}  // namespace weigh
