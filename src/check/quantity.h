// Numbers with units, as people write limits.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace weigh {

// "306", "350M", "8.03 B", "1_000"; units K, M, B (or G) and T are powers of 1000. Nothing for what is none, or leaves
// 64 bits.
std::optional<std::uint64_t> count_of(std::string_view text);

// "1000", "16GB", "1.5 GiB", "512 MB": kB, MB, GB and TB are powers of 1000, KiB, MiB, GiB and TiB of 1024.
std::optional<std::uint64_t> bytes_of(std::string_view text);

}  // namespace weigh
