#include "plan/verdict.h"

#include <algorithm>
#include <functional>
#include <optional>

namespace weigh {
namespace {

// The largest number from `low`, of which `holds` is true, to `high`, where it is true up to some number.
std::uint64_t largest(std::uint64_t low, std::uint64_t high, const std::function<bool(std::uint64_t)>& holds) {
  while (low < high) {
    const std::uint64_t middle = low + (high - low + 1) / 2;
    if (holds(middle)) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  return low;
}

class Judge {
 public:
  Judge(const Summary& summary, const Pieces& pieces, const PlanOptions& options)
      : summary_(summary), pieces_(pieces), options_(options) {}

  Verdict of(const Plan& plan) const {
    Verdict verdict;
    verdict.machine = *options_.machine;
    const std::uint64_t needed = plan.on_each.known();
    const std::uint64_t there = verdict.machine.bytes;
    verdict.fits = needed <= there;
    (verdict.fits ? verdict.left : verdict.lacking) = verdict.fits ? there - needed : needed - there;
    verdict.devices = fewest();
    const bool has_text =
        std::any_of(plan.lines.begin(), plan.lines.end(), [](const PlanLine& line) { return line.is_of_text; });
    if (!has_text) return verdict;
    constexpr std::uint64_t kMostTokens = std::uint64_t{1} << 40;
    verdict.context = most(kMostTokens, [](PlanOptions& options, std::uint64_t n) { options.cache.context = n; });
    verdict.batch = most(kMostTokens, [](PlanOptions& options, std::uint64_t n) { options.cache.batch = n; });
    return verdict;
  }

 private:
  using Set = std::function<void(PlanOptions&, std::uint64_t)>;

  bool fits(const PlanOptions& options) const {
    return plan_of(summary_, pieces_, options).on_each.known() <= options.machine->bytes;
  }

  std::optional<std::uint64_t> most(std::uint64_t high, const Set& set) const {
    PlanOptions options = options_;
    const auto holds = [&](std::uint64_t number) {
      set(options, number);
      return fits(options);
    };
    if (!holds(1)) return std::nullopt;
    const std::uint64_t number = largest(1, high, holds);
    return number == high ? std::nullopt : std::optional(number);
  }

  // More devices of the kind that the numbers leave free: of tensors while serving, of data while training.
  std::optional<std::uint64_t> fewest() const {
    constexpr std::uint64_t kMostTried = 65'536;
    PlanOptions options = options_;
    (options.train ? options.data_parallel : options.tensor_parallel).reset();
    const std::uint64_t step =
        options.pipeline_parallel * (options.train ? options.tensor_parallel : options.data_parallel).value_or(1);
    const auto holds = [&](std::uint64_t steps) {
      options.machine->count = steps * step;
      options.expert_parallel = options_.expert_parallel > 1 ? std::min(steps, pieces_.experts) : 1;
      return fits(options);
    };
    const std::uint64_t high = std::max<std::uint64_t>(1, kMostTried / step);
    if (holds(1)) return step;
    if (!holds(high)) return std::nullopt;
    return (largest(1, high, [&](std::uint64_t steps) { return !holds(steps); }) + 1) * step;
  }

  const Summary& summary_;
  const Pieces& pieces_;
  const PlanOptions& options_;
};

}  // namespace

Verdict verdict_of(const Plan& plan, const Summary& summary, const Pieces& pieces, const PlanOptions& options) {
  return Judge(summary, pieces, options).of(plan);
}

}  // namespace weigh
