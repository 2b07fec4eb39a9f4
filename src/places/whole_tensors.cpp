#include "places/whole_tensors.h"

#include <algorithm>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "model/builder.h"

#include "weigh/error.h"

namespace weigh {

void WholeTensors::add(const Model& part, const OffsetsOf& offsets_of) {
  for (const Tensor& tensor : part.tensors) {
    std::string path = part.path_of(tensor);
    std::vector<Extent> shape;
    if (tensor.rank_known()) shape.assign(part.shape_begin(tensor), part.shape_end(tensor));
    const std::vector<std::uint64_t> offsets = offsets_of(path, shape);
    for (std::size_t i = 0; i < std::min(shape.size(), offsets.size()); ++i) {
      if (!shape[i].is_known()) continue;
      if (!fits(offsets[i], shape[i].size(), Extent::kMax))
        throw Error(ErrorKind::corrupt, part.source,
                    fmt::format("tensor '{}' is said to begin at {}, and no tensor reaches from there over {}",
                                path.substr(0, 200), offsets[i], shape[i].size()));
      shape[i] = Extent(offsets[i] + shape[i].size());
    }
    const auto [place, is_new] = by_path_.try_emplace(path, all_.size());
    if (is_new) {
      all_.push_back({std::move(path), tensor, std::move(shape)});
      Tensor& whole = all_.back().tensor;  // places in the part's own arrays mean nothing in another model
      whole.tied_to = whole.next = kNone;
      whole.module = whole.first_extent = 0;
      continue;
    }
    Whole& whole = all_[place->second];
    whole.tensor.stored_bytes += tensor.stored_bytes;
    for (std::size_t i = 0; i < std::min(shape.size(), whole.shape.size()); ++i)
      if (shape[i].is_known() && whole.shape[i].is_known() && shape[i].size() > whole.shape[i].size())
        whole.shape[i] = shape[i];
  }
}

void WholeTensors::build(Model& model, const Limits& limits) const {
  ModelBuilder builder(model, limits);
  for (const Whole& whole : all_) builder.add_by_path(whole.tensor, whole.path, whole.shape);
  builder.sort_siblings();
}

}  // namespace weigh
