// Names that somebody may have meant.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// Puts those first that take the fewest letters to become `wanted`, or whose last part behind a dot does; else in the
// order in which they stand.
void nearest_first(std::vector<std::string>& names, std::string_view wanted);

}  // namespace weigh
