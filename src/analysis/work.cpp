#include <vector>

#include "weigh/summary.h"

namespace weigh {
namespace {

bool is_told(const Run& run, Count Run::*member) { return run.known_calls() != 0U || !(run.*member == Count()); }

}  // namespace

Count work_in(const Model& model, Index module, Count Run::*member) {
  Count sum;
  std::vector<Index> open = {module};
  while (!open.empty()) {
    const Index at = open.back();
    open.pop_back();
    if (is_told(model.runs[at], member)) {
      sum += model.runs[at].*member;
      continue;
    }
    for (Index child = model.modules[at].first_child; child != kNone; child = model.modules[child].next)
      if (model.modules[child].alias_of == kNone) open.push_back(child);
  }
  return sum;
}

}  // namespace weigh
