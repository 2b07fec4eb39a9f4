#include "formats/onnx/uses.h"

#include <algorithm>
#include <array>
#include <bit>
#include <string>
#include <unordered_map>

#include "bytes/checked.h"
#include "formats/onnx/operators.h"
#include "formats/onnx/scopes.h"
#include "model/roles.h"

namespace weigh {
namespace {

constexpr std::uint64_t kFewIntegers = 64;

// Of several codes in an element.
Scheme scheme_of(std::uint64_t bits) {
  return bits >= 1 && bits <= 8 ? static_cast<Scheme>(static_cast<std::uint64_t>(Scheme::int1) + bits - 1)
                                : Scheme::not_told;
}

class Finder {
 public:
  explicit Finder(const OnnxGraphs& graphs) : graphs_(graphs), uses_(graphs.tensors.size()) {}

  std::vector<OnnxUse> find() && {
    for (std::size_t i = 0; i < graphs_.tensors.size(); ++i)
      if (graphs_.tensors[i].tensor.name.ends_with("_scale")) by_name_.emplace(graphs_.tensors[i].tensor.name, i);
    origins_.reserve(graphs_.values.size());
    for (const OnnxValue& value : graphs_.values) origins_.push_back(value.tensor);
    for (const OnnxNode& node : graphs_.nodes) look_at(node);
    find_weights();
    find_scales();
    return std::move(uses_);
  }

 private:
  void look_at(const OnnxNode& node) {
    const OnnxOperator& operation = onnx_operator(graphs_.names[node.domain], graphs_.names[node.operation]);
    for (std::uint32_t i = 0; i < node.inputs; ++i) {
      const std::uint32_t value = graphs_.ports[node.first_port + i];
      if (value == kNone || origins_[value] == kNone) continue;
      OnnxUse& use = uses_[origins_[value]];
      if (use.scope == kNone) use.scope = node.scope;
      if (i >= 16) continue;
      const auto stands_in = [&](std::uint16_t places) { return (places >> i & 1) != 0; };
      use.is_statistic |= stands_in(operation.statistics);
      use.is_argument |= stands_in(operation.arguments);
      use.is_overhead |= stands_in(operation.overhead);
      use.is_of_experts |= stands_in(operation.experts);
      if (stands_in(operation.packed)) unpack(node, operation, graphs_.tensors[origins_[value]].tensor, use);
    }
    if (!operation.passes_on || node.inputs == 0 || node.outputs == 0) return;
    const std::uint32_t from = graphs_.ports[node.first_port];
    const std::uint32_t to = graphs_.ports[node.first_port + node.inputs];
    if (from != kNone && to != kNone && origins_[to] == kNone) origins_[to] = origins_[from];
  }

  // From the back: weights may be cut, joined and turned before they stand where weights do.
  void find_weights() {
    std::vector<bool> is_weight(graphs_.values.size());
    const auto value_at = [&](std::uint32_t port) { return graphs_.ports[port]; };
    for (std::size_t i = graphs_.nodes.size(); i-- > 0;) {
      const OnnxNode& node = graphs_.nodes[i];
      const OnnxOperator& operation = onnx_operator(graphs_.names[node.domain], graphs_.names[node.operation]);
      bool passes_weights = false;
      for (std::uint32_t out = 0; operation.passes_on && out < node.outputs; ++out) {
        const std::uint32_t value = value_at(node.first_port + node.inputs + out);
        passes_weights = passes_weights || (value != kNone && is_weight[value]);
      }
      for (std::uint32_t in = 0; in < node.inputs; ++in) {
        const std::uint32_t value = value_at(node.first_port + in);
        const bool stands_here = (in < 16 && (operation.weights >> in & 1) != 0);
        const bool is_passed = passes_weights && (in == 0 || operation.joins);
        if (value != kNone && (stands_here || is_passed)) is_weight[value] = true;
      }
    }
    for (std::size_t i = 0; i < uses_.size(); ++i) uses_[i].is_weight = is_weight[graphs_.tensors[i].value];
  }

  // Integer products are scaled behind them, by what ONNX Runtime's tools call after the weight.
  void find_scales() {
    constexpr std::string_view kQuantized = "_quantized";
    for (std::size_t i = 0; i < uses_.size(); ++i) {
      const OnnxHeldTensor& held = graphs_.tensors[i];
      if (!uses_[i].is_packed || !held.tensor.name.ends_with(kQuantized)) continue;
      const std::string base = held.tensor.name.substr(0, held.tensor.name.size() - kQuantized.size());
      const auto scale = by_name_.find(base + "_scale");
      if (scale != by_name_.end()) uses_[scale->second].is_overhead = true;
    }
  }

  void unpack(const OnnxNode& node, const OnnxOperator& operation, const OnnxTensor& tensor, OnnxUse& use) const {
    if (use.is_packed || tensor.type == 0 || tensor.dtype == DType::unknown) return;
    if (is_floating_point(tensor.dtype) && bits(tensor.dtype) > 8) return;  // quantised while it runs
    use.is_packed = true;
    use.logical = tensor.elements;
    // Several codes in a byte; 4 bits are the default of both.
    const std::uint64_t width = node.bits == 0 ? 4 : static_cast<std::uint64_t>(node.bits);
    const bool is_byte = tensor.dtype == DType::uint8 || tensor.dtype == DType::int8;
    if (!is_byte || width > 8) return;
    if (operation.flops == OnnxFlops::packed_product) {
      use.scheme = scheme_of(width);
      use.logical = product(node, tensor, width);
    } else if (operation.name == "GatherBlockQuantized" || operation.name == "QMoE") {
      use.scheme = scheme_of(width);
      use.logical = tensor.elements > UINT64_MAX / 8 ? QuantizedWeights::kUnknown : tensor.elements * 8 / width;
    }
  }

  // Rows and columns are attributes; the bytes must be able to hold them.
  static std::uint64_t product(const OnnxNode& node, const OnnxTensor& tensor, std::uint64_t width) {
    if (node.rows <= 0 || node.columns <= 0) return QuantizedWeights::kUnknown;
    const auto weights = checked_mul(static_cast<std::uint64_t>(node.rows), static_cast<std::uint64_t>(node.columns));
    const auto wide = weights ? checked_mul(*weights, width) : std::nullopt;
    return wide && *wide / 8 <= tensor.elements ? *weights : QuantizedWeights::kUnknown;
  }

  const OnnxGraphs& graphs_;
  std::vector<OnnxUse> uses_;
  std::unordered_map<std::string_view, std::size_t> by_name_;  // tensors called "…_scale"
  std::vector<std::uint32_t> origins_;  // by value: the tensor that it is, perhaps in another form
};

}  // namespace

std::vector<OnnxUse> find_onnx_uses(const OnnxGraphs& graphs) { return Finder(graphs).find(); }

ExpertsConfig onnx_experts(const OnnxGraphs& graphs) {
  ExpertsConfig experts;
  for (const OnnxNode& node : graphs.nodes) {
    const OnnxOperator& operation = onnx_operator(graphs.names[node.domain], graphs.names[node.operation]);
    if (operation.experts == 0) continue;
    const auto first = static_cast<std::uint32_t>(std::countr_zero(operation.experts));
    const std::uint32_t value = first < node.inputs ? graphs.ports[node.first_port + first] : kNone;
    const std::uint32_t tensor = value == kNone ? kNone : graphs.values[value].tensor;
    if (tensor == kNone || graphs.tensors[tensor].tensor.shape.empty()) return {};
    const Extent count = graphs.tensors[tensor].tensor.shape[0];
    const auto chosen = static_cast<std::uint64_t>(std::max<std::int64_t>(1, node.chosen));  // 1 where it is not said
    if (!count.is_known()) return {};
    if (experts.pools.empty()) {
      experts.pools = {count.size()};
      experts.per_token = chosen;
    }
    if (experts.pools[0] != count.size() || experts.per_token != chosen) return {};
  }
  return experts;
}

bool is_onnx_argument(const OnnxHeldTensor& held, const OnnxUse& use) {
  const OnnxTensor& tensor = held.tensor;
  if (!held.is_constant || use.is_weight || use.is_packed || use.is_overhead) return false;
  const bool is_row = tensor.shape.size() < 2 && tensor.elements <= kFewIntegers;
  return tensor.elements <= 1 || (is_row && !can_be_parameter(tensor.dtype));
}

KnownRole onnx_role(const OnnxGraphs& graphs, const OnnxHeldTensor& held, const OnnxUse& use, std::string_view name) {
  const OnnxTensor& tensor = held.tensor;
  const auto recorded = graphs.recorded_roles.find(tensor.name);
  if (recorded != graphs.recorded_roles.end() && !held.is_constant) return {recorded->second, Evidence::recorded};
  constexpr KnownRole kBufferByUse{Role::buffer, Evidence::derived};
  if (!can_be_parameter(tensor.dtype) || use.is_statistic || use.is_overhead) return kBufferByUse;
  const KnownRole by_name = infer_role(name, tensor.dtype, tensor.shape);
  if (use.is_weight) return by_name;
  // What an exporter computed beforehand.
  const bool is_computed = is_onnx_generated(tensor.name) && (tensor.elements <= 1 || !graphs.recorded_roles.empty());
  return held.is_constant || use.is_argument || is_computed ? kBufferByUse : by_name;
}

}  // namespace weigh
