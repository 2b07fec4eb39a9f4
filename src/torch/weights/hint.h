// What to do about names that do not meet.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace weigh {

// "" where nothing can be told. `missing` are the module's names, `unexpected` the file's without `prefix`, with which
// they were loaded.
std::string hint_about_names(const std::vector<std::string>& missing, const std::vector<std::string>& unexpected,
                             const std::string& prefix);

}  // namespace weigh
