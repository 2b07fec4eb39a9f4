#include <future>
#include <memory>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "analysis/adapter.h"
#include "analysis/experts.h"
#include "analysis/fold.h"
#include "analysis/parts.h"
#include "analysis/quantized.h"
#include "analysis/rows.h"
#include "analysis/tally.h"
#include "analysis/unexplained.h"

#include "weigh/error.h"
#include "weigh/summary.h"

namespace weigh {

namespace {

std::vector<bool> hidden_modules(const Model& model, const SummaryOptions& options) {
  std::vector<bool> hidden;
  if (!options.is_layer) return hidden;
  hidden.resize(model.modules.size());
  for (Index i = 1; i < model.modules.size(); ++i)
    hidden[i] = hidden[model.modules[i].parent] || !options.is_layer(model, i);
  return hidden;
}

}  // namespace

Summary summarize(Model&& model, const SummaryOptions& options) {
  auto owned = std::make_shared<const Model>(std::move(model));
  Summary summary = summarize(*owned, options);
  summary.owned = std::move(owned);
  return summary;
}

Summary summarize(const Model& model, const SummaryOptions& options) {
  if (options.depth && *options.depth < -1) {
    throw Error(ErrorKind::usage, "",
                fmt::format("the depth can be -1 (all), 0 (totals only) or more, got {}", *options.depth));
  }
  Summary summary;
  summary.model = &model;
  summary.depth = options.depth;
  summary.count = options.count;
  summary.hidden = hidden_modules(model, options);
  try {
    // Neither needs what the other finds.
    const bool is_large = model.tensors.size() > 20'000;
    auto names_alone = std::async(is_large ? std::launch::async : std::launch::deferred, [&] {
      find_parts(summary);
      return options.fold ? fingerprints(model) : std::vector<std::uint64_t>();
    });
    // Of a live module nothing is guessed: who walked it has told what is packed.
    if (!model.is_live || !model.quantized.empty()) summary.quantized = find_quantized(model);
    if (!model.is_live) find_unexplained(summary);
    tally(summary);
    std::vector<std::uint64_t> prints = names_alone.get();
    if (!summary.count) find_active(summary);
    if (model.base) compare_with_base(summary);
    select_rows(summary, options, std::move(prints));
  } catch (const Error& error) {  // a count too large for 64 bits does not know whose it is
    throw Error(error.kind(), model.source, error.message());
  }
  return summary;
}

}  // namespace weigh
