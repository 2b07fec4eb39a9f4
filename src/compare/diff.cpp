#include "weigh/diff.h"

#include <algorithm>
#include <future>
#include <utility>

#include "analysis/fold.h"
#include "compare/fold.h"
#include "compare/pairing.h"
#include "compare/prefixes.h"
#include "compare/renames.h"
#include "compare/rows.h"
#include "compare/settings.h"
#include "compare/values.h"

namespace weigh {
namespace {

Summary totals_of(const Model& model) {
  SummaryOptions options;
  options.depth = 0;
  options.fold = false;
  return summarize(model, options);
}

// The passes, each of which goes on with what those before it left.
void pair(Pairing& pairing, const DiffOptions& options) {
  pair_by_maps(pairing, options.maps);
  pairing.pair_below(0, 0);
  pair_by_paths(pairing);
  pair_by_found_prefixes(pairing);
  pair_by_likeness(pairing, options.least_likeness);
}

// Of modules that came or went, if any did.
std::vector<std::uint64_t> prints_for(const Diff& diff, const Model& model, Change change) {
  const bool is_wanted = std::any_of(diff.differences.begin(), diff.differences.end(),
                                     [&](const Difference& one) { return one.is_module && one.change == change; });
  return is_wanted ? fingerprints(model) : std::vector<std::uint64_t>();
}

void fold_differences(Diff& diff) {
  const std::vector<std::uint64_t> of_a = prints_for(diff, *diff.a.model, Change::went);
  const std::vector<std::uint64_t> of_b = prints_for(diff, *diff.b.model, Change::came);
  diff.differences = folded(std::move(diff.differences), {diff.a, diff.b, of_a, of_b});
}

void order_by_change(std::vector<Difference>& differences) {
  std::stable_sort(differences.begin(), differences.end(),
                   [](const Difference& one, const Difference& other) { return one.change < other.change; });
}

}  // namespace

bool Diff::is_foreign() const {
  const std::uint64_t smaller = std::min(a.model->tensors.size(), b.model->tensors.size());
  return smaller > 0 && (equal + changed) * 10 < smaller;
}

Diff diff(const Model& a, const Model& b, const DiffOptions& options) {
  Diff diff;
  auto other = std::async(std::launch::async, totals_of, std::cref(b));
  Pairing pairing(a, b);
  pair(pairing, options);
  diff.a = totals_of(a);
  diff.b = other.get();
  diff.has_values = options.values;
  std::vector<Distance> distances;
  if (options.values) distances = compare_values(diff, pairing);
  add_differences(diff, pairing, distances);
  if (options.fold) fold_differences(diff);
  order_by_change(diff.differences);
  diff.settings = differing_settings(a, b);
  return diff;
}

}  // namespace weigh
