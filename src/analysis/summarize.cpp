#include <fmt/format.h>

#include "analysis/rows.h"
#include "analysis/tally.h"

#include "weigh/error.h"
#include "weigh/summary.h"

namespace weigh {

Summary summarize(const Model& model, const SummaryOptions& options) {
  if (options.depth && *options.depth < -1) {
    throw Error(ErrorKind::usage, "",
                fmt::format("the depth can be -1 (all), 0 (totals only) or more, got {}", *options.depth));
  }
  Summary summary;
  summary.model = &model;
  summary.depth = options.depth;
  try {
    summary.tallies = tally_modules(model);
    summary.totals = total(model, summary.tallies[0]);
    select_rows(summary, options);
  } catch (const Error& error) {  // a count too large for 64 bits does not know whose it is
    throw Error(error.kind(), model.source, error.message());
  }
  for (std::size_t i = 0; i < model.tensors.size(); ++i)
    if (model.tensors[i].state == State::uninitialised) summary.uninitialized.push_back(static_cast<Index>(i));
  return summary;
}

}  // namespace weigh
