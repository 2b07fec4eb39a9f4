// Models made by hand, one line a tensor.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/builder.h"

#include "weigh/summary.h"

namespace weigh::testing {

// SummaryOptions, one word an option: levels(2).first(3).
class Options : public SummaryOptions {
 public:
  Options& levels(int depth) { return SummaryOptions::depth = depth, *this; }
  Options& unfolded() { return SummaryOptions::fold = false, *this; }
  Options& by(SortKey key) { return SummaryOptions::sort = key, *this; }
  Options& first(std::uint32_t rows) { return SummaryOptions::top = rows, *this; }
  Options& matching(std::string pattern) { return SummaryOptions::filter = std::move(pattern), *this; }
};
inline Options levels(int depth) { return Options().levels(depth); }

// Adds tensors to a model: Build b; b.add("fc.weight", {2, 8});
class Build {
 public:
  Build() : builder_(model_, limits_) {}

  // A float32 parameter that requires a gradient. The references returned here last until the next is added.
  Tensor& add(std::string_view path, const std::vector<std::uint64_t>& sizes) {
    return add_extents(path, std::vector<Extent>(sizes.begin(), sizes.end()), Tensor());
  }
  Tensor& add_lazy(std::string_view path, const std::vector<Extent>& shape) {
    Tensor tensor;
    tensor.state = State::uninitialised;
    return add_extents(path, shape, tensor);
  }
  // The same memory as the tensor called `original`.
  Tensor& add_tied(std::string_view path, std::string_view original) {
    Tensor tensor;
    tensor.tied_to = builder_.find(original);
    const Tensor& first = model_.tensors[tensor.tied_to];
    return add_extents(path, {model_.shape_begin(first), model_.shape_end(first)}, tensor);
  }
  Extent unknown(std::string_view name, std::string_view layer) {
    return Extent::unknown(builder_.symbol(name, index(layer)));
  }
  Module& module(std::string_view path) { return model_.modules[index(path)]; }
  Index index(std::string_view path) { return builder_.module(path); }
  // A part of the file below `path`.
  void section(std::string_view path, SectionKind kind) {
    if (!has_sections_) model_.sections.clear();
    has_sections_ = true;
    model_.sections.push_back({model_.keep(path), kind, index(path)});
  }
  Model& model() { return model_; }

 private:
  Tensor& add_extents(std::string_view path, const std::vector<Extent>& shape, Tensor tensor) {
    tensor.dtype = DType::float32;
    tensor.requires_grad = RequiresGrad::yes;
    tensor.role_evidence = Evidence::recorded;
    Tensor& added = model_.tensors[builder_.add_by_path(tensor, path, shape)];
    if (added.state == State::initialised) added.stored_bytes = model_.bytes(added).known();
    return added;
  }

  Limits limits_;
  Model model_;
  ModelBuilder builder_;
  bool has_sections_ = false;
};

}  // namespace weigh::testing
