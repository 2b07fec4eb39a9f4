// Patterns with * and ?.
#pragma once

#include <string_view>

namespace weigh {

// Whether all of `text` matches `pattern`. Takes at most |pattern| · |text| steps.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace weigh
