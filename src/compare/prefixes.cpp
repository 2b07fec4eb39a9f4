#include "compare/prefixes.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "analysis/nearest.h"
#include "bytes/hash.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostNames = 5;    // in a message
constexpr std::uint32_t kDeepest = 4;    // modules of a prefix
constexpr std::size_t kFewestVotes = 2;  // tensors that a prefix must bring together

Index module_called(const Model& model, std::string_view path) {
  for (Index i = 0; i < model.modules.size(); ++i)
    if (model.path_of(i) == path) return i;
  std::vector<std::string> names;
  for (Index i = 1; i < model.modules.size(); ++i) names.push_back(model.path_of(i));
  nearest_first(names, path);
  names.resize(std::min(names.size(), kMostNames));
  throw Error(
      ErrorKind::usage, model.source,
      fmt::format("has no module '{}' to map; {}", path,
                  names.empty() ? "it has none at all" : fmt::format("nearest are {}", fmt::join(names, ", "))));
}

// Where the path of a tensor is cut: what is before is a module, a hash tells what is behind.
struct Cut {
  Index module = 0;
  std::uint64_t rest = 0;
};

// Cuts of paths, and of each the longest rest first.
class Cuts {
 public:
  explicit Cuts(const Model& model) : model_(model), depths_(model.modules.size()), names_(model.modules.size()) {
    for (std::size_t i = 1; i < depths_.size(); ++i) {
      depths_[i] = depths_[model.modules[i].parent] + 1;
      names_[i] = hash_of(model.modules[i].name);
    }
  }

  // A rest of one name tells nothing: there is a "weight" everywhere.
  const std::vector<Cut>& of(const Tensor& tensor) {
    found_.clear();
    std::uint64_t rest = hash_of(tensor.name);
    for (Index at = tensor.module; at != 0; at = model_.modules[at].parent) {
      rest = mix(rest, names_[at]);
      const Index above = model_.modules[at].parent;
      if (depths_[above] <= kDeepest) found_.push_back({above, rest});
    }
    std::reverse(found_.begin(), found_.end());
    return found_;
  }

 private:
  const Model& model_;
  std::vector<std::uint32_t> depths_;
  std::vector<std::uint64_t> names_;
  std::vector<Cut> found_;
};

// The module of B behind which a rest stands; kNone where it does behind several.
std::unordered_map<std::uint64_t, Index> unpaired_rests(const Pairing& pairing) {
  std::unordered_map<std::uint64_t, Index> rests;
  Cuts cuts(pairing.b);
  for (std::size_t i = 0; i < pairing.b.tensors.size(); ++i) {
    if (pairing.tensors_of_b[i] != kNone) continue;
    for (const Cut& cut : cuts.of(pairing.b.tensors[i])) {
      const auto [place, is_new] = rests.emplace(cut.rest, cut.module);
      if (!is_new && place->second != cut.module) place->second = kNone;
    }
  }
  return rests;
}

struct Candidate {
  std::size_t votes = 0;
  Index a = 0;
  Index b = 0;
};

std::vector<Candidate> candidates(const Pairing& pairing) {
  const std::unordered_map<std::uint64_t, Index> rests = unpaired_rests(pairing);
  std::unordered_map<std::uint64_t, std::size_t> votes;
  Cuts cuts(pairing.a);
  for (std::size_t i = 0; i < pairing.a.tensors.size() && !rests.empty(); ++i) {
    if (pairing.tensors_of_a[i] != kNone) continue;
    for (const Cut& cut : cuts.of(pairing.a.tensors[i])) {
      const auto found = rests.find(cut.rest);
      if (found == rests.end() || found->second == kNone) continue;
      ++votes[std::uint64_t{cut.module} << 32 | found->second];
      break;
    }
  }
  std::vector<Candidate> all;
  for (const auto& [modules, count] : votes)
    if (count >= kFewestVotes)
      all.push_back({count, static_cast<Index>(modules >> 32), static_cast<Index>(modules & 0xFFFF'FFFF)});
  std::sort(all.begin(), all.end(), [](const Candidate& one, const Candidate& other) {
    return std::tuple(other.votes, one.a, one.b) < std::tuple(one.votes, other.a, other.b);
  });
  return all;
}

}  // namespace

void pair_by_maps(Pairing& pairing, const std::vector<PrefixMap>& maps) {
  for (const PrefixMap& map : maps)
    pairing.pair_below(module_called(pairing.a, map.from), module_called(pairing.b, map.to));
}

void pair_by_paths(Pairing& pairing) {
  if (!pairing.has_unpaired_on_both_sides()) return;
  std::unordered_map<std::string, Index> paths;
  for (Index i = 0; i < pairing.b.tensors.size(); ++i)
    if (pairing.tensors_of_b[i] == kNone) paths.emplace(pairing.b.path_of(pairing.b.tensors[i]), i);
  for (Index i = 0; i < pairing.a.tensors.size(); ++i) {
    if (pairing.tensors_of_a[i] != kNone) continue;
    const auto found = paths.find(pairing.a.path_of(pairing.a.tensors[i]));
    if (found != paths.end()) pairing.pair_tensors(i, found->second);
  }
}

void pair_by_found_prefixes(Pairing& pairing) {
  if (!pairing.has_unpaired_on_both_sides()) return;
  for (const Candidate& one : candidates(pairing))
    if (pairing.pair_below(one.a, one.b) > 0) pairing.moves.push_back({true, one.a, one.b, Evidence::derived});
}

}  // namespace weigh
