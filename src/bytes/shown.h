#pragma once

#include <cstddef>

namespace weigh {

// How much of a text that a file holds is repeated in messages and facts: enough to know it again, whatever its length.
inline constexpr std::size_t kShownText = 200;

}  // namespace weigh
