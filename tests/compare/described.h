// A diff, a line a difference: "moved fc.* -> head.* 2 tensors, assumed 50 %".
#pragma once

#include <string>
#include <vector>

#include <fmt/format.h>

#include "weigh/diff.h"

namespace weigh::testing {

inline std::string path_of(const Model& model, const Difference& difference, Index index) {
  return difference.is_module ? model.path_of(index) + ".*" : model.path_of(model.tensors[index]);
}

inline std::string side(const Model& model, const Difference& difference, Index first, Index last) {
  if (first == kNone) return "";
  const std::string from = path_of(model, difference, first);
  return first == last ? from : from + " to " + path_of(model, difference, last);
}

inline std::string described(const Diff& diff, const Difference& one) {
  const std::string a = side(*diff.a.model, one, one.a, one.last_a);
  const std::string b = side(*diff.b.model, one, one.b, one.last_b);
  switch (one.change) {
    case Change::went: return fmt::format("went {} x{}", a, one.repeat);
    case Change::came: return fmt::format("came {} x{}", b, one.repeat);
    case Change::moved:
      return fmt::format("moved {} -> {} x{}, {} tensors, {} {} %", a, b, one.repeat, one.tensors, name(one.evidence),
                         one.likeness);
    case Change::changed: break;
  }
  std::string text = fmt::format("changed {} x{}:", a, one.repeat);
  for (unsigned i = 0; i < static_cast<unsigned>(Fact::count_); ++i)
    if (one.facts.contains(static_cast<Fact>(i))) text += fmt::format(" {}", name(static_cast<Fact>(i)));
  return text;
}

inline std::vector<std::string> described(const Diff& diff) {
  std::vector<std::string> lines;
  for (const Difference& one : diff.differences) lines.push_back(described(diff, one));
  for (const Setting& one : diff.settings) lines.push_back(fmt::format("{}: {} -> {}", one.name, one.a, one.b));
  return lines;
}

}  // namespace weigh::testing
