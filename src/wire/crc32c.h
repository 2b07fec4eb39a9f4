// The checksum of Castagnoli's polynomial, as iSCSI (RFC 3720) defines it.
#pragma once

#include <cstdint>
#include <string_view>

namespace weigh {

std::uint32_t crc32c(std::string_view bytes);

}  // namespace weigh
