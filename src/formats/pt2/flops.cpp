#include "formats/pt2/flops.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace weigh::pt2 {
namespace {

// An operator's arguments by the names of its schema; one without a shape makes the result unknown.
class Operands {
 public:
  Operands(const Node& node, const Graph& graph) : node_(node), graph_(graph) {}

  const TensorMeta* find(std::string_view name) const {
    const Argument* argument = node_.find(name);
    return argument == nullptr || argument->values.size() != 1 ? nullptr : described(argument->values[0]);
  }
  const TensorMeta* result() const { return node_.outputs.empty() ? nullptr : described(node_.outputs[0]); }
  bool is_true(std::string_view name) const {
    const Argument* argument = node_.find(name);
    return argument != nullptr && argument->is_true;
  }

 private:
  const TensorMeta* described(Index value) const {
    return graph_.values[value].is_described ? &graph_.values[value].meta : nullptr;
  }

  const Node& node_;
  const Graph& graph_;
};

// Every element of the result is a sum over the last dimension of the first factor.
Count product(const Operands& operands, std::string_view factor) {
  const TensorMeta* left = operands.find(factor);
  const TensorMeta* result = operands.result();
  if (left == nullptr || result == nullptr || left->lengths.empty()) return Count::unknown();
  return result->numel() * left->lengths.back() * 2;
}

Count linear(const Operands& operands) { return product(operands, "input"); }
Count matmul(const Operands& operands) {
  const TensorMeta* left = operands.find("self");
  const TensorMeta* right = operands.find("other");
  const auto is_vector = [](const TensorMeta* factor) { return factor != nullptr && factor->lengths.size() == 1; };
  if (is_vector(left) || is_vector(right)) return 0;  // as torch's counter has it
  return product(operands, "self");
}
Count mm(const Operands& operands) { return product(operands, "self"); }
Count addmm(const Operands& operands) { return product(operands, "mat1"); }
Count baddbmm(const Operands& operands) { return product(operands, "batch1"); }

// A weight is [out, in / groups, kernel…], or [in, out / groups, kernel…] of a transposed convolution: each element of
// the output, or there of the input, meets all but the first of its dimensions.
Count convolved(const TensorMeta* met, const TensorMeta* weight) {
  if (met == nullptr || weight == nullptr || weight->lengths.empty()) return Count::unknown();
  Count flops = met->numel() * 2;
  for (std::size_t i = 1; i < weight->lengths.size(); ++i) flops = flops * weight->lengths[i];
  return flops;
}
Count convolution(const Operands& operands) {
  const TensorMeta* met = operands.is_true("transposed") ? operands.find("input") : operands.result();
  return convolved(met, operands.find("weight"));
}
Count conv_transpose(const Operands& operands) { return convolved(operands.find("input"), operands.find("weight")); }

// Queries meet keys, and what comes of it meets values.
Count attention(const Operands& operands) {
  const TensorMeta* query = operands.find("query");
  const TensorMeta* key = operands.find("key");
  const TensorMeta* result = operands.result();
  if (query == nullptr || key == nullptr || result == nullptr || key->lengths.size() < 2) return Count::unknown();
  return (query->numel() + result->numel()) * key->lengths[key->lengths.size() - 2] * 2;
}

Count unknown(const Operands& /*operands*/) { return Count::unknown(); }

struct Rule {
  std::string_view name;
  Count (*count)(const Operands&);
};

// Sorted by name.
constexpr std::array kRules = {
    Rule{"_convolution", convolution},
    Rule{"_scaled_dot_product_attention_math", attention},
    Rule{"_scaled_dot_product_cudnn_attention", attention},
    Rule{"_scaled_dot_product_efficient_attention", attention},
    Rule{"_scaled_dot_product_flash_attention", attention},
    Rule{"_scaled_dot_product_flash_attention_for_cpu", attention},
    Rule{"addbmm", unknown},
    Rule{"addmm", addmm},
    Rule{"baddbmm", baddbmm},
    Rule{"bilinear", unknown},
    Rule{"bmm", mm},
    Rule{"chain_matmul", unknown},
    Rule{"conv1d", convolution},
    Rule{"conv2d", convolution},
    Rule{"conv3d", convolution},
    Rule{"conv_transpose1d", conv_transpose},
    Rule{"conv_transpose2d", conv_transpose},
    Rule{"conv_transpose3d", conv_transpose},
    Rule{"convolution", convolution},
    Rule{"einsum", unknown},
    Rule{"gru", unknown},
    Rule{"gru_cell", unknown},
    Rule{"linear", linear},
    Rule{"lstm", unknown},
    Rule{"lstm_cell", unknown},
    Rule{"matmul", matmul},
    Rule{"mm", mm},
    Rule{"rnn_relu", unknown},
    Rule{"rnn_relu_cell", unknown},
    Rule{"rnn_tanh", unknown},
    Rule{"rnn_tanh_cell", unknown},
    Rule{"scaled_dot_product_attention", attention},
    Rule{"tensordot", unknown},
};

}  // namespace

Count flops_of(const Node& node, const Graph& graph) {
  if (node.has_graphs) return Count::unknown();
  std::string_view name = node.target;
  constexpr std::string_view kTorch = "torch.ops.aten.";
  // torch.sym_float, _operator.mul: numbers.
  if (!name.starts_with(kTorch)) return name.starts_with("torch.ops.") ? Count::unknown() : Count(0);
  name.remove_prefix(kTorch.size());
  name = name.substr(0, name.find('.'));
  const auto rule = std::lower_bound(kRules.begin(), kRules.end(), name,
                                     [](const Rule& a, std::string_view b) { return a.name < b; });
  return rule == kRules.end() || rule->name != name ? Count(0) : rule->count(Operands(node, graph));
}

}  // namespace weigh::pt2
