#include "weights/hint.h"

#include <algorithm>
#include <unordered_set>

#include <fmt/format.h>

namespace weigh {
namespace {

// What stands before all `names` among `others`: "model." where each "x" is there as "model.x"; "" where nothing does.
std::string common_prefix(const std::vector<std::string>& names, const std::vector<std::string>& others) {
  if (names.empty()) return "";
  const std::unordered_set<std::string_view> there(others.begin(), others.end());
  for (const std::string& other : others) {
    if (!other.ends_with("." + names.front())) continue;
    const std::string prefix = other.substr(0, other.size() - names.front().size());
    if (std::ranges::all_of(names, [&](const std::string& name) { return there.contains(prefix + name); }))
      return prefix;
  }
  return "";
}

}  // namespace

std::string hint_about_names(const std::vector<std::string>& missing, const std::vector<std::string>& unexpected,
                             const std::string& prefix) {
  if (const std::string more = common_prefix(missing, unexpected); !more.empty())
    return fmt::format("in the file these names begin with '{0}': load with LoadOptions::prefix = \"{0}\"",
                       prefix + more);
  if (const std::string above = common_prefix(unexpected, missing); !above.empty())
    return fmt::format("in the module these names begin with '{}': load into its child '{}'", above,
                       above.substr(0, above.size() - 1));
  return "";
}

}  // namespace weigh
