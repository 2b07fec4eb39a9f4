// like: what `weigh diff` compares, without values. Sizes that are unknown in both are the same by their names.
#include <fmt/format.h>

#include "check/rule.h"

#include "weigh/diff.h"

namespace weigh::checks {

Finding like(const Subject& subject, const Gate& gate) {
  const std::string& other_path = gate.words[0];
  const Model other = subject.read(other_path);
  const Diff found = diff(other, subject.model);
  if (found.is_equal()) return passed(fmt::format("the same as {}", other_path));
  Finding finding = failed(fmt::format("not as {}: {} tensors equal, {} changed, {} moved, {} missing, {} surplus",
                                       other_path, found.equal, found.changed, found.moved, found.went, found.came));
  for (const Difference& one : found.differences) {
    const Model& model = one.b == kNone ? other : subject.model;
    const Index index = one.b == kNone ? one.a : one.b;
    add_place(finding, one.is_module ? model.path_of(index) : model.path_of(model.tensors[index]));
  }
  for (const Setting& setting : found.settings) add_place(finding, setting.name);
  return finding;
}

}  // namespace weigh::checks
