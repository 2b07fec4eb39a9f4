#include "compare/renames.h"

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <utility>
#include <vector>

#include "analysis/fold.h"
#include "analysis/nearest.h"
#include "bytes/hash.h"
#include "compare/numbered.h"

namespace weigh {
namespace {

constexpr std::size_t kMostCompared = 20'000;  // pairs of paths, and letters of each: a model may be hostile
constexpr std::size_t kLongest = 256;

// What has one path but for its numbers, and is of one kind: sixty layers are renamed as one.
struct Group {
  std::string pattern;
  std::map<std::vector<std::uint32_t>, Index> members;  // by their numbers
};

// By what they are, in the order in which that first occurred.
class Grouping {
 public:
  void add(std::uint64_t kind, const std::string& path, Index index) {
    NumberedPath numbers = numbered(path);
    const std::uint64_t key = mix(mix(kind, hash_of(numbers.pattern)), numbers.numbers.size());
    const auto [at, is_new_kind] = kinds_.emplace(kind, groups_.size());
    if (is_new_kind) groups_.emplace_back();
    std::vector<Group>& groups = groups_[at->second];
    const auto [place, is_new] = places_.emplace(key, groups.size());
    if (is_new) groups.push_back({std::move(numbers.pattern), {}});
    groups[place->second].members.emplace(std::move(numbers.numbers), index);
  }

  // Calls use(groups, those of the same kind in the other).
  template <class Use>
  void each_with(const Grouping& other, Use&& use) const {
    std::vector<std::pair<std::size_t, std::size_t>> both;
    for (const auto& [kind, place] : kinds_)
      if (const auto found = other.kinds_.find(kind); found != other.kinds_.end())
        both.emplace_back(place, found->second);
    std::sort(both.begin(), both.end());
    for (const auto& [one, another] : both) use(groups_[one], other.groups_[another]);
  }

 private:
  std::vector<std::vector<Group>> groups_;
  std::unordered_map<std::uint64_t, std::size_t> kinds_;   // their places in groups_
  std::unordered_map<std::uint64_t, std::size_t> places_;  // in one of these, by kind, pattern and how many numbers
};

unsigned likeness_of(std::string_view a, std::string_view b) {
  const std::size_t longer = std::max(a.size(), b.size());
  const auto [front, unused] = std::mismatch(a.begin(), a.end(), b.begin(), b.end());
  const auto same = static_cast<std::size_t>(front - a.begin());
  a.remove_prefix(same);
  b.remove_prefix(same);
  while (!a.empty() && !b.empty() && a.back() == b.back()) {
    a.remove_suffix(1);
    b.remove_suffix(1);
  }
  std::size_t distance = std::max(a.size(), b.size());
  if (distance <= kLongest) distance = edit_distance(a, b);
  return longer == 0 ? 100 : static_cast<unsigned>(100 * (longer - distance) / longer);
}

struct Match {
  unsigned likeness = 0;
  const Group* a = nullptr;
  const Group* b = nullptr;
};

std::vector<Match> matches_of(const Grouping& of_a, const Grouping& of_b, unsigned least_likeness) {
  std::vector<Match> matches;
  std::size_t compared = 0;
  of_a.each_with(of_b, [&](const std::vector<Group>& groups, const std::vector<Group>& others) {
    for (const Group& one : groups) {
      for (const Group& other : others) {
        if (++compared > kMostCompared) return;
        const unsigned likeness = likeness_of(one.pattern, other.pattern);
        if (likeness >= least_likeness) matches.push_back({likeness, &one, &other});
      }
    }
  });
  std::sort(matches.begin(), matches.end(), [](const Match& one, const Match& other) {
    return std::tie(other.likeness, one.a->pattern, one.b->pattern) <
           std::tie(one.likeness, other.a->pattern, other.b->pattern);
  });
  return matches;
}

// The best first; what has a partner by then keeps it.
void pair_groups(const Grouping& of_a, const Grouping& of_b, unsigned least_likeness, auto&& pair) {
  for (const Match& match : matches_of(of_a, of_b, least_likeness)) {
    for (const auto& [numbers, index] : match.a->members) {
      const auto other = match.b->members.find(numbers);
      if (other != match.b->members.end()) pair(index, other->second, match.likeness);
    }
  }
}

// Modules of which nothing is paired, the topmost of them.
Grouping lone_modules(const Model& model, const std::vector<Index>& modules, const std::vector<Index>& tensors) {
  Grouping grouping;
  const std::vector<std::size_t> paired = count_below(model, tensors, true);
  const std::vector<std::size_t> unpaired = count_below(model, tensors, false);
  const std::vector<std::uint64_t> prints = fingerprints(model);
  const auto is_lone = [&](Index i) { return modules[i] == kNone && paired[i] == 0 && unpaired[i] > 0; };
  for (Index i = 1; i < model.modules.size(); ++i)
    if (is_lone(i) && !is_lone(model.modules[i].parent)) grouping.add(prints[i], model.path_of(i), i);
  return grouping;
}

std::uint64_t kind_of(const Model& model, const Tensor& tensor) {
  std::uint64_t kind =
      mix(static_cast<std::uint64_t>(tensor.dtype) << 8 | static_cast<std::uint64_t>(tensor.state), tensor.rank);
  if (!tensor.rank_known()) return kind;
  for (const Extent* extent = model.shape_begin(tensor); extent != model.shape_end(tensor); ++extent)
    kind = mix(kind, extent->is_known() ? extent->size() : UINT64_MAX);
  return kind;
}

Grouping lone_tensors(const Model& model, const std::vector<Index>& partners) {
  Grouping grouping;
  for (Index i = 0; i < model.tensors.size(); ++i)
    if (partners[i] == kNone) grouping.add(kind_of(model, model.tensors[i]), model.path_of(model.tensors[i]), i);
  return grouping;
}

}  // namespace

void pair_by_likeness(Pairing& pairing, unsigned least_likeness) {
  if (!pairing.has_unpaired_on_both_sides()) return;
  pair_groups(lone_modules(pairing.a, pairing.modules_of_a, pairing.tensors_of_a),
              lone_modules(pairing.b, pairing.modules_of_b, pairing.tensors_of_b), least_likeness,
              [&](Index a, Index b, unsigned likeness) {
                if (pairing.modules_of_a[a] != kNone || pairing.modules_of_b[b] != kNone) return;
                if (pairing.pair_below(a, b) > 0) pairing.moves.push_back({true, a, b, Evidence::assumed, likeness});
              });
  pair_groups(lone_tensors(pairing.a, pairing.tensors_of_a), lone_tensors(pairing.b, pairing.tensors_of_b),
              least_likeness, [&](Index a, Index b, unsigned likeness) {
                if (pairing.pair_tensors(a, b)) pairing.moves.push_back({false, a, b, Evidence::assumed, likeness});
              });
}

}  // namespace weigh
