// architecture and has-modules: what the model is called, and what its modules are. A class that is not told is
// undecided.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/glob.h"
#include "analysis/nearest.h"
#include "check/rule.h"

namespace weigh::checks {
namespace {

std::vector<std::string> module_paths(const Model& model) {
  std::vector<std::string> paths;
  for (Index i = 1; i < model.modules.size(); ++i) paths.push_back(model.path_of(i));
  return paths;
}

}  // namespace

Finding architecture(const Subject& subject, const Gate& gate) {
  const std::string& name = subject.model.architecture;
  const std::string allowed = fmt::format("allowed are {}", fmt::join(gate.words, ", "));
  if (name.empty()) return undecided(fmt::format("its class is not told; {}", allowed));
  const bool is_allowed = std::any_of(gate.words.begin(), gate.words.end(),
                                      [&](const std::string& pattern) { return matches_glob(pattern, name); });
  return is_allowed ? passed(fmt::format("it is a {}", name)) : failed(fmt::format("it is a {}; {}", name, allowed));
}

Finding has_modules(const Subject& subject, const Gate& gate) {
  std::vector<std::string> paths = module_paths(subject.model);
  Finding missing = failed("");
  for (const std::string& pattern : gate.words) {
    const bool is_there =
        std::any_of(paths.begin(), paths.end(), [&](const std::string& path) { return matches_glob(pattern, path); });
    if (!is_there) add_place(missing, pattern);
  }
  if (missing.all_places == 0) return passed(fmt::format("{} of them are there", gate.words.size()));
  nearest_first(paths, missing.places[0]);
  paths.resize(std::min(paths.size(), kMostNames));
  missing.message = paths.empty()
                        ? "it has no modules at all"
                        : fmt::format("no module is called so; nearest to the first are {}", fmt::join(paths, ", "));
  return missing;
}

}  // namespace weigh::checks
