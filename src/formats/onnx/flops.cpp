#include "formats/onnx/flops.h"

#include <cstddef>

#include "formats/onnx/operators.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using Shape = std::vector<Extent>;

class Counter {
 public:
  Counter(const OnnxGraphs& graphs, const OnnxNode& node)
      : graphs_(graphs),
        node_(node),
        operation_(onnx_operator(graphs.names[node.domain], graphs.names[node.operation])) {}

  Count count() const {
    switch (operation_.flops) {
      case OnnxFlops::none: return 0;
      case OnnxFlops::matrix_product:
      case OnnxFlops::gemm: return product();
      case OnnxFlops::packed_product:
        return node_.rows <= 0 ? Count::unknown()
                               : numel(output(0)) * Count(static_cast<std::uint64_t>(node_.rows)) * 2;
      case OnnxFlops::convolution: return numel(output(0)) * kernel(input(operation_.second)) * 2;
      case OnnxFlops::transposed: return numel(input(0)) * kernel(input(operation_.second)) * 2;
      case OnnxFlops::recurrent: return recurrent();
      case OnnxFlops::attention: return attention();
      case OnnxFlops::unknown: break;
    }
    return Count::unknown();
  }

 private:
  const Shape* shape(std::uint32_t port) const {
    const std::uint32_t value = graphs_.ports[port];
    if (value == kNone || graphs_.values[value].shape == kNone) return nullptr;
    return &graphs_.shapes[graphs_.values[value].shape];
  }
  const Shape* input(std::uint32_t i) const { return i < node_.inputs ? shape(node_.first_port + i) : nullptr; }
  const Shape* output(std::uint32_t i) const {
    return i < node_.outputs ? shape(node_.first_port + node_.inputs + i) : nullptr;
  }

  static Count numel(const Shape* shape, std::size_t from = 0) {
    if (shape == nullptr || shape->size() < from) return Count::unknown();
    Count count = 1;
    for (std::size_t i = from; i < shape->size(); ++i) count = count * Count::of((*shape)[i]);
    return count;
  }
  static Count kernel(const Shape* weight) { return numel(weight, 1); }

  // The extent that is summed over: the last of the first operand, or the one before the last of the other.
  Count inner() const {
    const bool is_gemm = operation_.flops == OnnxFlops::gemm;
    const auto told = [](const Shape* shape, bool is_last) -> Count {
      if (shape == nullptr || shape->empty()) return Count::unknown();
      if (is_last || shape->size() == 1) return Count::of(shape->back());
      return Count::of((*shape)[shape->size() - 2]);
    };
    const Count second = told(input(operation_.second), is_gemm && node_.transposed_b);
    return second.is_exact() ? second : told(input(0), !(is_gemm && node_.transposed_a));
  }
  Count product() const { return numel(output(0)) * inner() * 2; }

  // For every step and every sample, both matrices.
  Count recurrent() const {
    const Shape* in = input(0);
    if (in == nullptr || in->size() != 3) return Count::unknown();
    return Count::of((*in)[0]) * Count::of((*in)[1]) * (numel(input(1)) + numel(input(2))) * 2;
  }

  // Queries by keys, and the result by values; keys of the past are in the output "present_key".
  Count attention() const {
    const Shape* keys = output(1) != nullptr ? output(1) : input(1);
    const bool has_past = input_is_given(4);
    if (keys == nullptr || keys->size() < 3 || (has_past && output(1) == nullptr)) return Count::unknown();
    return Count::of((*keys)[keys->size() - 2]) * (numel(input(0)) + numel(output(0))) * 2;
  }
  bool input_is_given(std::uint32_t i) const {
    return i < node_.inputs && graphs_.ports[node_.first_port + i] != kNone;
  }

  const OnnxGraphs& graphs_;
  const OnnxNode& node_;
  const OnnxOperator& operation_;
};

}  // namespace

Count onnx_flops(const OnnxGraphs& graphs, const OnnxNode& node) {
  try {
    return Counter(graphs, node).count();
  } catch (const Error&) {  // extents that no machine could hold: they are not weights, so the file can be weighed
    return Count::unknown();
  }
}

}  // namespace weigh
