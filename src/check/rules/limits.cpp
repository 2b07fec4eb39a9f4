// max-parameters, max-active, max-bytes: totals as the table has them, packed weights counted as weights and ties once.
// A lower bound above the limit has failed; one below it is undecided.
#include <string_view>

#include <fmt/format.h>

#include "check/rule.h"
#include "conventions/experts.h"

namespace weigh::checks {
namespace {

Finding at_most(const Count& count, std::uint64_t most, std::string_view what) {
  const std::string allowed = fmt::format("at most {} are allowed", most);
  if (count.known() > most)
    return failed(fmt::format("{}{} {}, {}", count.is_exact() ? "" : "at least ", count.known(), what, allowed));
  if (!count.is_exact())
    return undecided(fmt::format("at least {} {}, and some of unknown size; {}", count.known(), what, allowed));
  return passed(fmt::format("{} {}, {}", count.known(), what, allowed));
}

bool has_experts(const Model& model) {
  if (!model.config.experts.pools.empty()) return true;
  return std::any_of(model.modules.begin(), model.modules.end(), [](const Module& module) {
    return module.first_child != kNone && conventions::is_list_of_experts(module.name);
  });
}

}  // namespace

Finding max_parameters(const Subject& subject, const Gate& gate) {
  return at_most(subject.summary.totals.parameters, gate.number, "parameters");
}

Finding max_active(const Subject& subject, const Gate& gate) {
  const Totals& totals = subject.summary.totals;
  if (totals.active_parameters) return at_most(*totals.active_parameters, gate.number, "active parameters");
  // All of them are no more than are there.
  Finding of_all = at_most(totals.parameters, gate.number, "parameters, of which a token uses all");
  if (!has_experts(subject.model)) return of_all;
  if (of_all.verdict == Outcome::passed)
    return passed(fmt::format("{} parameters, of which a token uses some, at most {} are allowed",
                              totals.parameters.known(), gate.number));
  return undecided(fmt::format("{} parameters in a mixture of experts, of which nobody says how many a token uses",
                               totals.parameters.known()));
}

Finding max_bytes(const Subject& subject, const Gate& gate) {
  return at_most(subject.summary.totals.bytes, gate.number, "bytes");
}

}  // namespace weigh::checks
