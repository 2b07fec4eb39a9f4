// Regular expressions of Python's `re`, as configurations hold them: literals, classes, groups, alternatives, * + ? and
// anchors.
#pragma once

#include <string_view>

namespace weigh {

// Whether `text` matches from its beginning, as re.match() does; false for an expression of more than 500 bytes or with
// what is not named above. Takes at most |pattern| · |text| steps: nothing is tried twice.
bool matches_beginning(std::string_view pattern, std::string_view text);

}  // namespace weigh
