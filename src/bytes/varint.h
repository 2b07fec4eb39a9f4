// Unsigned integers in groups of seven bits, the lowest first (LEB128).
#pragma once

#include <cstdint>
#include <string_view>

namespace weigh {

// Takes the number off the front of the bytes. False where it breaks off, and then none are left, or leaves 64 bits.
inline bool take_varint(std::string_view& bytes, std::uint64_t& value) {
  value = 0;
  for (unsigned shift = 0; shift < 64 && !bytes.empty(); shift += 7) {
    const auto byte = static_cast<unsigned char>(bytes.front());
    if (shift == 63 && byte > 1) return false;
    bytes.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7FU} << shift;
    if (byte < 0x80) return true;
  }
  return false;
}

}  // namespace weigh
