// What text on a screen looks like, whatever it tells.
#pragma once

#include <cstddef>
#include <string_view>

namespace weigh {

inline constexpr std::size_t kIndent = 2;  // before each line below a headline

inline constexpr std::string_view kBold = "\x1b[1m";
inline constexpr std::string_view kPlain = "\x1b[0m";

}  // namespace weigh
