// Numbers and strings as the opcodes of a pickle write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace weigh::pickle {

// Little-endian two's complement of any length; nothing where the value needs more than 64 bits. Empty is 0.
std::optional<std::int64_t> two_complement(std::string_view bytes);

// BINFLOAT. Requires: eight bytes.
double big_endian_double(std::string_view bytes);

// STRING: a Python 2 repr without its quotes; \n, \', \\ and \xNN are undone, anything else is left as it is.
std::string unescape_string(std::string_view text);

// UNICODE: raw-unicode-escape: \uXXXX and \UXXXXXXXX, other bytes are Latin-1. The result is UTF-8.
std::string unescape_unicode(std::string_view text);

}  // namespace weigh::pickle
