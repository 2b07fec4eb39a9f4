// Hashes for tables in memory. Seeded anew in every process, so that a file cannot be made of names that collide.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>

namespace weigh {

// Different in every process; the same throughout one.
std::uint64_t hash_seed();

// Both halves of the product.
inline std::uint64_t fold(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

inline std::uint64_t mix(std::uint64_t hash, std::uint64_t value) {
  return fold(hash ^ value ^ 0x9E37'79B9'7F4A'7C15, 0xD6E8'FEB8'6659'FD93);
}

template <class Word>
std::uint64_t word_at(const char* at) {
  Word word;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

// Sixteen bytes at a time; the last two words may overlap what came before them. After wyhash.
inline std::uint64_t hash_of(std::string_view text) {
  static const std::uint64_t seed = hash_seed();
  using Eight = std::uint64_t;
  using Four = std::uint32_t;
  const std::size_t size = text.size();
  const char* at = text.data();
  const char* end = at + size;
  std::uint64_t hash = size ^ 0xD6E8'FEB8'6659'FD93;
  for (; end - at > 16; at += 16) hash = fold(word_at<Eight>(at) ^ seed, word_at<Eight>(at + 8) ^ hash);
  std::uint64_t a = 0;
  std::uint64_t b = 0;
  if (size >= 8) {
    a = word_at<Eight>(size < 16 ? at : end - 16);
    b = word_at<Eight>(end - 8);
  } else if (size >= 4) {
    a = word_at<Four>(at);
    b = word_at<Four>(end - 4);
  } else {
    for (const char c : text) a = a << 8 | static_cast<unsigned char>(c);
  }
  return fold(a ^ seed, b ^ hash);
}

}  // namespace weigh
