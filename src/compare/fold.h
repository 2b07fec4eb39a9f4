// Differences that stand at the same place of numbered siblings become one: a renaming in sixty layers is one line.
#pragma once

#include <vector>

#include "weigh/diff.h"

namespace weigh {

// What became one has the same facts in all, and stands at every number from the first to the last, or at all
// combinations of several. Stays in order. `prints` tell of modules whether the same is below them.
struct FoldedBy {
  const Summary& a;
  const Summary& b;
  const std::vector<std::uint64_t>& prints_of_a;  // may be empty where no module went
  const std::vector<std::uint64_t>& prints_of_b;
};
std::vector<Difference> folded(std::vector<Difference> differences, const FoldedBy& by);

}  // namespace weigh
