#include "analysis/unexplained.h"

#include <algorithm>
#include <string>
#include <unordered_map>

#include <fmt/format.h>

#include "conventions/packed_layouts.h"

namespace weigh {
namespace {

constexpr std::size_t kMostNotes = 50;

class Unexplained {
 public:
  explicit Unexplained(Summary& summary) : summary_(summary), model_(*summary.model) {}

  void find() {
    for (std::size_t i = 0; i < model_.tensors.size(); ++i)
      if (may_be_weights(i)) mark(static_cast<Index>(i));
    if (count_ > kMostNotes)
      summary_.notes.push_back({"unexplained", "",
                                fmt::format("{} more matrices of integers are of no layout that is "
                                            "known; their weights are not counted",
                                            count_ - kMostNotes)});
  }

 private:
  // Whoever recorded that it is a buffer knows better.
  bool may_be_weights(std::size_t index) const {
    const Tensor& tensor = model_.tensors[index];
    const bool is_integer = !can_be_parameter(tensor.dtype) && tensor.dtype != DType::boolean;
    return is_integer && bits(tensor.dtype) <= 32 && tensor.rank_known() && tensor.rank >= 2 &&
           tensor.layout == Layout::strided && tensor.state == State::initialised && tensor.tied_to == kNone &&
           !tensor.role_recorded() && summary_.quantized.part(index) == Part::plain;
  }

  void mark(Index index) {
    const Tensor& tensor = model_.tensors[index];
    const std::string_view scale = scale_beside(tensor);
    const std::string& method = model_.config.quantization.method;
    if (scale.empty() && method.empty()) return;
    summary_.quantized.reserve_for(model_.tensors.size());
    summary_.quantized.parts[index] = Part::unexplained;
    if (count_++ >= kMostNotes) return;
    const std::string why = scale.empty() ? fmt::format("under the quantisation method '{}'", method.substr(0, 50))
                                          : fmt::format("beside '{}'", scale.substr(0, 100));
    summary_.notes.push_back({"unexplained", model_.path_of(tensor),
                              fmt::format("is a matrix of {} {}, in no layout that is known; its weights are not "
                                          "counted, so the totals are lower bounds",
                                          name(tensor.dtype), why)});
  }

  // In its module, and in a module that is called as it is: by its name, or a number for each row or column under a
  // name that nobody knows.
  std::string_view scale_beside(const Tensor& matrix) {
    look_at(matrix.module);
    if (!scale_.empty()) return scale_;
    const Extent rows = *model_.shape_begin(matrix);
    const Extent columns = *(model_.shape_end(matrix) - 1);
    if (const std::string_view scale = numbers_for(rows); !scale.empty()) return scale;
    if (const std::string_view scale = numbers_for(columns); !scale.empty() && rows != Extent(1)) return scale;
    const auto child = children_.find(matrix.name);
    return child == children_.end() ? "" : scale_in(child->second);
  }

  std::string_view numbers_for(Extent extent) const {
    const auto found = by_rows_.find(extent.is_known() ? extent.size() : 0);
    return found == by_rows_.end() ? std::string_view() : found->second;
  }

  // A module may hold a million of them: what stands in it is looked at once.
  void look_at(Index module) {
    if (module == looked_at_) return;
    looked_at_ = module;
    by_rows_.clear();
    children_.clear();
    scale_ = scale_in(module);
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (const std::uint64_t rows = rows_of(model_.tensors[i]); rows > 1)
        by_rows_.try_emplace(rows, model_.tensors[i].name);
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
      children_.try_emplace(model_.modules[child].name, child);
  }

  // That the tensor has a number for; 0 where it is none that may be a scale.
  std::uint64_t rows_of(const Tensor& tensor) const {
    if (!is_floating_point(tensor.dtype) || tensor.role_evidence != Evidence::assumed || !tensor.rank_known()) return 0;
    const Extent* shape = model_.shape_begin(tensor);
    const bool is_column = tensor.rank == 1 || (tensor.rank == 2 && shape[1] == Extent(1));
    return is_column && shape[0].is_known() ? shape[0].size() : 0;
  }

  std::string_view scale_in(Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (conventions::may_be_a_scale(model_.tensors[i].name)) return model_.tensors[i].name;
    return "";
  }

  Summary& summary_;
  const Model& model_;
  std::size_t count_ = 0;
  // Of the module that was looked at last.
  Index looked_at_ = kNone;
  std::string_view scale_;
  std::unordered_map<std::uint64_t, std::string_view> by_rows_;  // tensors that have a number for each row
  std::unordered_map<std::string_view, Index> children_;
};

}  // namespace

void find_unexplained(Summary& summary) { Unexplained(summary).find(); }

}  // namespace weigh
