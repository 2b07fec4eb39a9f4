// Text made shorter in its middle, where a table has no room for it: both ends of a name tell more than one.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weigh {

// The text in at most `width` columns, `ellipsis` where something was left out. Of a shape or another list in brackets
// whole items are left out, "[8, 16, …, 64]", so that no number becomes another; any other text loses its middle,
// "transfor…ayers".
std::string shorten(std::string_view text, std::size_t width, std::string_view ellipsis);

}  // namespace weigh
