#include "formats/deepspeed/numbering.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"

namespace weigh::deepspeed {

void LayerFiles::add(std::uint64_t layer, std::uint64_t model_rank, std::uint64_t size, bool names_rank) {
  files_[layer][model_rank] = size;
  model_ranks_.insert(model_rank);
  names_rank_ |= names_rank;
}

std::string LayerFiles::name_of(std::uint64_t layer, std::uint64_t model_rank) const {
  return names_rank_ ? fmt::format("layer_{:02}-model_{:02}-model_states.pt", layer, model_rank)
                     : fmt::format("layer_{:02}-model_states.pt", layer);
}

Missing LayerFiles::missing(std::size_t most) const {
  Missing missing;
  for (const auto& [layer, ranks] : files_) {
    if (ranks.size() == model_ranks_.size()) continue;
    missing.count += model_ranks_.size() - ranks.size();
    for (const std::uint64_t rank : model_ranks_)
      if (missing.names.size() < most && !ranks.contains(rank)) missing.names.push_back(name_of(layer, rank));
  }
  for (const auto& [layer, rank] : wanted_) {
    if (files_.contains(layer)) continue;  // then the others' ranks tell
    ++missing.count;
    if (missing.names.size() < most) missing.names.push_back(name_of(layer, rank));
  }
  return missing;
}

// Sizes are those of the first rank of each layer.
Missing LayerFiles::doubtful(std::size_t most) const {
  std::set<std::uint64_t> repeated;  // sizes
  const auto size_of = [](const auto& file) { return file.second.begin()->second; };
  for (auto file = files_.begin(); file != files_.end(); ++file) {
    const auto next = std::next(file);
    if (next != files_.end() && next->first == file->first + 1 && size_of(*next) == size_of(*file))
      repeated.insert(size_of(*file));
  }
  Missing missing;
  for (auto file = files_.begin(); file != files_.end(); ++file) {
    const auto next = std::next(file);
    if (next == files_.end() || size_of(*next) != size_of(*file) || !repeated.contains(size_of(*file))) continue;
    const std::uint64_t gap = next->first - file->first - 1;
    if (gap > files_.size()) continue;  // more would be gone than are there: a number of another kind
    missing.count += gap;
    for (std::uint64_t i = 1; i <= gap && missing.names.size() < most; ++i)
      missing.names.push_back(fmt::format("layer_{:02}", file->first + i));
  }
  return missing;
}

void ExpertFiles::add(std::uint64_t layer, std::uint64_t expert, std::uint64_t model_rank) {
  if (expert == UINT64_MAX) return;
  files_[layer][model_rank].insert(expert);
  model_ranks_.insert(model_rank);
}

// How many a layer has is told, or the highest number tells it.
Missing ExpertFiles::missing(std::size_t most) const {
  std::map<std::uint64_t, std::uint64_t> wanted;
  for (const auto& [layer, ranks] : files_)
    for (const auto& [rank, experts] : ranks) wanted[layer] = std::max(wanted[layer], *experts.rbegin() + 1);
  for (std::size_t layer = 0; layer < counts_.size(); ++layer) wanted[layer] = std::max(wanted[layer], counts_[layer]);
  Missing missing;
  for (const auto& [layer, all] : wanted) {
    const auto ranks = files_.find(layer);
    std::uint64_t there = 0;
    if (ranks != files_.end())
      for (const auto& [rank, experts] : ranks->second) there += experts.size();
    const std::uint64_t expected = checked_mul(all, model_ranks_.size()).value_or(UINT64_MAX);
    if (expected == there) continue;
    missing.count = checked_add(missing.count, expected - there).value_or(UINT64_MAX);
    for (const std::uint64_t rank : model_ranks_) {
      const auto found = ranks == files_.end() ? decltype(ranks->second.find(rank))() : ranks->second.find(rank);
      const bool has_some = ranks != files_.end() && found != ranks->second.end();
      for (std::uint64_t expert = 0; expert < all && missing.names.size() < most; ++expert)
        if (!has_some || !found->second.contains(expert))
          missing.names.push_back(fmt::format("layer_{}_expert_{}_mp_rank_{:02}_model_states.pt", layer, expert, rank));
    }
  }
  return missing;
}

}  // namespace weigh::deepspeed
