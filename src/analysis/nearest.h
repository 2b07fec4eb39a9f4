// Names that somebody may have meant.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// Insertions, removals and replacements that make one text of the other: Levenshtein's distance. Takes |a| · |b| steps.
std::size_t edit_distance(std::string_view a, std::string_view b);

// Puts those first that take the fewest letters to become `wanted`, or whose last part behind a dot does; else in the
// order in which they stand.
void nearest_first(std::vector<std::string>& names, std::string_view wanted);

}  // namespace weigh
