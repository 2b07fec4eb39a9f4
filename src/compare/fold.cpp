#include "compare/fold.h"

#include <algorithm>
#include <iterator>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "bytes/hash.h"
#include "compare/numbered.h"

namespace weigh {
namespace {

// Differences at all numbers from those of the first to those of the last.
struct Box {
  std::vector<std::uint32_t> low, high;
  std::size_t order = 0;  // of the first of them
  Difference difference;
};

std::uint64_t kind_of(const Summary& summary, Index index) {
  if (index == kNone) return 0;
  const Model& model = *summary.model;
  const Tensor& tensor = model.tensors[index];
  std::uint64_t kind =
      mix(static_cast<std::uint64_t>(tensor.dtype) << 24 | static_cast<std::uint64_t>(tensor.state) << 16 |
              static_cast<std::uint64_t>(tensor.role) << 8 | static_cast<std::uint64_t>(tensor.layout),
          static_cast<std::uint64_t>(tensor.requires_grad) << 8 | tensor.rank);
  if (summary.quantized.part(index) == Part::packed)
    kind = mix(kind, static_cast<std::uint64_t>(summary.quantized.schemes[index]));
  if (!tensor.rank_known()) return kind;
  for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
    kind = mix(kind, extent->is_known() ? extent->size() : hash_of("unknown"));
  return kind;
}

class Folding {
 public:
  explicit Folding(const FoldedBy& by) : by_(by) {}

  void add(Difference difference) {
    const NumberedPath of_a = path_of(by_.a, difference.a, difference.is_module);
    const NumberedPath of_b = path_of(by_.b, difference.b, difference.is_module);
    const bool has_both = difference.a != kNone && difference.b != kNone;
    const std::vector<std::uint32_t>& numbers = difference.a == kNone ? of_b.numbers : of_a.numbers;
    std::uint64_t key = mix(hash_of(of_a.pattern), hash_of(of_b.pattern));
    key =
        mix(key, static_cast<std::uint64_t>(difference.change) << 8 | static_cast<std::uint64_t>(difference.is_module));
    key = mix(key, std::uint64_t{difference.facts.bits()} << 32 | difference.likeness << 8 |
                       static_cast<std::uint64_t>(difference.evidence));
    key = mix(mix(key, what(by_.a, by_.prints_of_a, difference.a, difference)),
              what(by_.b, by_.prints_of_b, difference.b, difference));
    key = mix(key, numbers.size());
    // Where the numbers of both paths differ, the line stands alone.
    if (has_both && of_a.numbers != of_b.numbers) key = mix(key, order_ + 1);
    groups_[key].push_back({numbers, numbers, order_++, std::move(difference)});
  }

  std::vector<Difference> take() {
    std::vector<Box> all;
    for (auto& [key, boxes] : groups_) {
      for (std::size_t i = boxes[0].low.size(); i-- > 0;) merge(boxes, i);
      std::move(boxes.begin(), boxes.end(), std::back_inserter(all));
    }
    std::sort(all.begin(), all.end(), [](const Box& one, const Box& other) { return one.order < other.order; });
    std::vector<Difference> differences;
    for (Box& box : all) differences.push_back(std::move(box.difference));
    return differences;
  }

 private:
  static NumberedPath path_of(const Summary& summary, Index index, bool is_module) {
    if (index == kNone) return {};
    const Model& model = *summary.model;
    return numbered(is_module ? model.path_of(index) : model.path_of(model.tensors[index]));
  }

  static std::uint64_t what(const Summary& summary, const std::vector<std::uint64_t>& prints, Index index,
                            const Difference& difference) {
    if (!difference.is_module) return kind_of(summary, index);
    if (index == kNone) return 0;
    if (difference.change == Change::changed) return hash_of(summary.model->modules[index].type);
    return difference.change == Change::moved ? difference.tensors : prints[index];
  }

  // Those next to each other in the number at `place`, and the same in all others.
  static void merge(std::vector<Box>& boxes, std::size_t place) {
    const auto others = [place](const std::vector<std::uint32_t>& numbers) {
      std::vector<std::uint32_t> rest = numbers;
      rest.erase(rest.begin() + static_cast<std::ptrdiff_t>(place));
      return rest;
    };
    std::sort(boxes.begin(), boxes.end(), [&](const Box& one, const Box& other) {
      return std::tuple(others(one.low), others(one.high), one.low[place]) <
             std::tuple(others(other.low), others(other.high), other.low[place]);
    });
    std::vector<Box> merged;
    for (Box& box : boxes) {
      const bool goes_on = !merged.empty() && others(merged.back().low) == others(box.low) &&
                           others(merged.back().high) == others(box.high) &&
                           merged.back().high[place] + 1 == box.low[place];
      if (goes_on) {
        join(merged.back(), box, place);
      } else {
        merged.push_back(std::move(box));
      }
    }
    boxes = std::move(merged);
  }

  static void join(Box& one, const Box& next, std::size_t place) {
    one.high[place] = next.high[place];
    one.order = std::min(one.order, next.order);
    one.difference.last_a = next.difference.last_a;
    one.difference.last_b = next.difference.last_b;
    one.difference.repeat += next.difference.repeat;
    one.difference.tensors += next.difference.tensors;
    one.difference.distance += next.difference.distance;
  }

  const FoldedBy& by_;
  std::unordered_map<std::uint64_t, std::vector<Box>> groups_;
  std::size_t order_ = 0;
};

}  // namespace

std::vector<Difference> folded(std::vector<Difference> differences, const FoldedBy& by) {
  Folding folding(by);
  for (Difference& difference : differences) folding.add(std::move(difference));
  return folding.take();
}

Distance& Distance::operator+=(const Distance& other) {
  elements += other.elements;
  differing += other.differing;
  not_numbers += other.not_numbers;
  has_numbers = has_numbers && other.has_numbers;
  largest = std::max(largest, other.largest);
  sum += other.sum;
  return *this;
}

}  // namespace weigh
