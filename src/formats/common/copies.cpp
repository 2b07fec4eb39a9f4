#include "formats/common/copies.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <string>

#include "bytes/hash.h"

namespace weigh {
namespace {

// Sections are names that people gave; these say that the weights are an average of another section's.
bool is_named_like_an_average(std::string_view name) {
  std::string lower(name);
  std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) { return std::tolower(c); });
  constexpr std::array<std::string_view, 5> kWords = {"ema", "swa", "averag", "avg", "shadow"};
  return std::any_of(kWords.begin(), kWords.end(),
                     [&](std::string_view word) { return lower.find(word) != lower.npos; });
}

}  // namespace

// Names and shapes of a section's parameters, whichever the order.
void Copies::add(std::size_t section, Index first) {
  std::uint64_t sum = 0;
  const std::size_t prefix = model_.path_of(model_.sections[section].root).size() + 1;
  for (std::size_t i = first; i < model_.tensors.size(); ++i) {
    const Tensor& tensor = model_.tensors[i];
    if (tensor.role == Role::buffer || !tensor.rank_known()) continue;
    const std::string path = model_.path_of(tensor);
    std::string_view name = std::string_view(path).substr(prefix);
    if (name.starts_with("module.")) name.remove_prefix(7);  // the wrapper of an average or of data parallelism
    std::uint64_t hash = hash_of(name);
    for (const Extent* extent = model_.shape_begin(tensor); extent != model_.shape_end(tensor); ++extent)
      hash = hash * 31 + (extent->is_known() ? extent->size() : 0);
    sum += hash * hash;
  }
  entries_.push_back({section, sum});
}

void Copies::mark() {
  for (const Entry& entry : entries_) {
    Section& section = model_.sections[entry.section];
    if (entry.signature == 0 || !is_named_like_an_average(section.name)) continue;
    for (const Entry& other : entries_)
      if (other.signature == entry.signature && !is_named_like_an_average(model_.sections[other.section].name))
        section.kind = SectionKind::copy;
  }
}

}  // namespace weigh
