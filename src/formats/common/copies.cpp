#include "formats/common/copies.h"

#include <string>

#include "bytes/hash.h"
#include "conventions/checkpoint_keys.h"

namespace weigh {

using conventions::is_named_like_an_average;

// Names and shapes of a section's parameters, whichever the order.
void Copies::add(std::size_t section, Index first) {
  std::uint64_t sum = 0;
  const std::size_t prefix = model_.path_of(model_.sections[section].root).size() + 1;
  for (std::size_t i = first; i < model_.tensors.size(); ++i) {
    const Tensor& tensor = model_.tensors[i];
    if (tensor.role == Role::buffer || !tensor.rank_known()) continue;
    const std::string path = model_.path_of(tensor);
    const std::string_view name = conventions::without_wrapper(std::string_view(path).substr(prefix));
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
