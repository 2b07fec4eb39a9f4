#include "analysis/unexplained.h"

#include <algorithm>
#include <string>

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

  // In its module, and in a module that is called as it is: by its name, or a number for each row under a name that
  // nobody knows.
  std::string_view scale_beside(const Tensor& matrix) const {
    if (const std::string_view found = scale_in(matrix.module); !found.empty()) return found;
    for (Index i = model_.modules[matrix.module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (has_a_number_for_each_row(model_.tensors[i], matrix)) return model_.tensors[i].name;
    for (Index child = model_.modules[matrix.module].first_child; child != kNone; child = model_.modules[child].next)
      if (model_.modules[child].name == matrix.name) return scale_in(child);
    return "";
  }

  bool has_a_number_for_each_row(const Tensor& tensor, const Tensor& matrix) const {
    if (!is_floating_point(tensor.dtype) || tensor.role_evidence != Evidence::assumed || !tensor.rank_known())
      return false;
    const Extent* shape = model_.shape_begin(tensor);
    return (tensor.rank == 1 || (tensor.rank == 2 && shape[1] == Extent(1))) && shape[0] != Extent(1) &&
           shape[0] == *model_.shape_begin(matrix);
  }

  std::string_view scale_in(Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (conventions::may_be_a_scale(model_.tensors[i].name)) return model_.tensors[i].name;
    return "";
  }

  Summary& summary_;
  const Model& model_;
  std::size_t count_ = 0;
};

}  // namespace

void find_unexplained(Summary& summary) { Unexplained(summary).find(); }

}  // namespace weigh
