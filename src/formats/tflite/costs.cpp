#include "formats/tflite/costs.h"

#include <algorithm>
#include <array>

#include "bytes/checked.h"
#include "formats/tflite/graph.h"
#include "formats/tflite/operators.h"

namespace weigh {
namespace {

// Operators whose output has an example for each of their inputs': those that work within an example, or element by
// element. Others may put examples together or apart.
constexpr std::array<std::string_view, 76> kKeepExamples = {"ABS",
                                                            "ADD",
                                                            "ADD_N",
                                                            "ARG_MAX",
                                                            "ARG_MIN",
                                                            "AVERAGE_POOL_2D",
                                                            "BATCH_MATMUL",
                                                            "CAST",
                                                            "CEIL",
                                                            "CONV_2D",
                                                            "CONV_3D",
                                                            "CONV_3D_TRANSPOSE",
                                                            "COS",
                                                            "DEPTHWISE_CONV_2D",
                                                            "DEPTH_TO_SPACE",
                                                            "DEQUANTIZE",
                                                            "DIV",
                                                            "ELU",
                                                            "EQUAL",
                                                            "EXP",
                                                            "FLOOR",
                                                            "FLOOR_DIV",
                                                            "FLOOR_MOD",
                                                            "GATHER",
                                                            "GELU",
                                                            "GREATER",
                                                            "GREATER_EQUAL",
                                                            "HARD_SWISH",
                                                            "L2_NORMALIZATION",
                                                            "L2_POOL_2D",
                                                            "LEAKY_RELU",
                                                            "LESS",
                                                            "LESS_EQUAL",
                                                            "LOCAL_RESPONSE_NORMALIZATION",
                                                            "LOG",
                                                            "LOGICAL_AND",
                                                            "LOGICAL_NOT",
                                                            "LOGICAL_OR",
                                                            "LOGISTIC",
                                                            "LOG_SOFTMAX",
                                                            "MAXIMUM",
                                                            "MAX_POOL_2D",
                                                            "MEAN",
                                                            "MINIMUM",
                                                            "MIRROR_PAD",
                                                            "MUL",
                                                            "NEG",
                                                            "NOT_EQUAL",
                                                            "PAD",
                                                            "PADV2",
                                                            "POW",
                                                            "PRELU",
                                                            "QUANTIZE",
                                                            "REDUCE_MAX",
                                                            "REDUCE_MIN",
                                                            "RELU",
                                                            "RELU6",
                                                            "RELU_0_TO_1",
                                                            "RELU_N1_TO_1",
                                                            "RESIZE_BILINEAR",
                                                            "RESIZE_NEAREST_NEIGHBOR",
                                                            "ROUND",
                                                            "RSQRT",
                                                            "SELECT",
                                                            "SELECT_V2",
                                                            "SIGN",
                                                            "SIN",
                                                            "SOFTMAX",
                                                            "SPACE_TO_DEPTH",
                                                            "SQRT",
                                                            "SQUARE",
                                                            "SQUARED_DIFFERENCE",
                                                            "SUB",
                                                            "SUM",
                                                            "TANH",
                                                            "TRANSPOSE_CONV"};
static_assert(std::is_sorted(kKeepExamples.begin(), kKeepExamples.end()));

bool keeps_examples(std::uint32_t code) {
  const std::string_view name = tflite_operator_name(code);
  return std::binary_search(kKeepExamples.begin(), kKeepExamples.end(), name);
}

using Number = std::optional<std::uint64_t>;

Number times(Number a, Number b) { return a && b ? checked_mul(*a, *b) : std::nullopt; }
Number divided(Number a, Number b) { return a && b && *b != 0 && *a % *b == 0 ? Number(*a / *b) : std::nullopt; }

Number product(const std::vector<std::int32_t>& extents, std::size_t from = 0) {
  Number all = 1;
  for (std::size_t i = from; i < extents.size(); ++i)
    all = extents[i] < 0 ? std::nullopt : times(all, static_cast<std::uint64_t>(extents[i]));
  return all;
}

// How many elements each value has with one example, operator by operator.
class Costs {
 public:
  Costs(const TfliteSubgraph& subgraph, const std::vector<bool>& is_constant)
      : subgraph_(subgraph), is_constant_(is_constant), made_from_(subgraph.tensors.size(), -1) {
    for (const TfliteTensor& tensor : subgraph.tensors)
      elements_.push_back(product(tensor.signature.empty() ? tensor.shape : tensor.signature));
    for (std::int32_t input : subgraph.inputs)
      if (input >= 0 && varies_in_front(input)) elements_[at(input)] = per_example(input);
  }

  TfliteCost cost(const TfliteOperator& op) {
    const Number flops = flops_of(op);
    TfliteCost cost{flops, weight_of(op)};
    // The operators whose examples can be followed have one output.
    const std::int32_t output = op.outputs.empty() ? -1 : op.outputs[0];
    if (output >= 0 && !elements_[at(output)]) elements_[at(output)] = elements_of(op, output);
    if (op.code == kTfliteDequantize && output >= 0 && input(op, 0) >= 0) made_from_[at(output)] = input(op, 0);
    return cost;
  }

 private:
  static std::size_t at(std::int32_t tensor) { return static_cast<std::size_t>(tensor); }
  static std::int32_t input(const TfliteOperator& op, std::size_t number) {
    return number < op.inputs.size() ? op.inputs[number] : -1;
  }
  const std::vector<std::int32_t>& shape(std::int32_t tensor) const { return subgraph_.tensors[at(tensor)].shape; }
  Number elements(std::int32_t tensor) const { return tensor < 0 ? std::nullopt : elements_[at(tensor)]; }
  Number last(std::int32_t tensor) const {
    if (tensor < 0 || shape(tensor).empty()) return std::nullopt;
    return static_cast<std::uint64_t>(shape(tensor).back());
  }

  // [-1, …] with no other extent that varies.
  bool varies_in_front(std::int32_t tensor) const {
    const std::vector<std::int32_t>& signature = subgraph_.tensors[at(tensor)].signature;
    return !signature.empty() && signature.front() < 0 && product(signature, 1).has_value();
  }
  Number per_example(std::int32_t tensor) const { return product(subgraph_.tensors[at(tensor)].signature, 1); }

  Number elements_of(const TfliteOperator& op, std::int32_t output) const {
    const std::int32_t first = input(op, 0);
    if (op.code == kTfliteReshape || op.code == kTfliteSqueeze || op.code == kTfliteExpandDims ||
        op.code == kTfliteTranspose)
      return elements(first);
    if (op.code == kTfliteFullyConnected) return times(divided(elements(first), last(input(op, 1))), last(output));
    if (!varies_in_front(output) || !(keeps_examples(op.code) || op.code == kTfliteConcatenation)) return std::nullopt;
    Number examples;
    Number sum = 0;  // of what an example has in all inputs
    for (std::int32_t each : op.inputs) {
      if (each < 0 || is_constant_[at(each)]) continue;
      if (!varies_in_front(each)) {
        if (op.code == kTfliteConcatenation) return std::nullopt;
        continue;
      }
      if (!examples) examples = divided(elements(each), per_example(each));
      if (sum) sum = per_example(each) ? checked_add(*sum, *per_example(each)) : std::nullopt;
    }
    if (op.code == kTfliteConcatenation && sum != per_example(output)) return std::nullopt;  // joins examples
    return times(examples, per_example(output));
  }

  Number flops_of(const TfliteOperator& op) const {
    const Number two = 2;
    const std::int32_t out = op.outputs.empty() ? -1 : op.outputs[0];
    switch (op.code) {
      case kTfliteConv2D:
      case kTfliteConv3D:
      case kTfliteDepthwiseConv2D: {
        const std::int32_t weight = input(op, 1);
        const Number examples = out < 0 ? std::nullopt : elements(out) ? elements(out) : elements_of(op, out);
        return times(two, times(divided(examples, last(out)), elements(weight)));
      }
      case kTfliteTransposeConv:
      case kTfliteTransposeConv3D: {
        const std::int32_t data = input(op, 2);
        return times(two, times(divided(elements(data), last(data)), elements(input(op, 1))));
      }
      case kTfliteFullyConnected:
        return times(two, times(divided(elements(input(op, 0)), last(input(op, 1))), elements(input(op, 1))));
      case kTfliteBatchMatmul: {
        const std::int32_t left = input(op, 0);
        if (left < 0 || out < 0 || shape(left).size() < 2) return std::nullopt;
        const std::size_t inner = shape(left).size() - (op.transposes_left ? 2 : 1);
        const std::vector<std::int32_t>& signature = subgraph_.tensors[at(left)].signature;
        if (inner < signature.size() && signature[inner] < 0) return std::nullopt;
        const Number made = elements(out) ? elements(out) : elements_of(op, out);
        return times(two, times(made, static_cast<std::uint64_t>(shape(left)[inner])));
      }
      case kTfliteLstm:
      case kTfliteRnn:
      case kTfliteSequenceRnn:
      case kTfliteSequenceLstm:
      case kTfliteTwoWayRnn:
      case kTfliteTwoWayLstm: return recurrent(op);
      case kTfliteCall:
      case kTfliteIf:
      case kTfliteWhile: return std::nullopt;  // another subgraph, nobody knows how often
      default: return tflite_operator_name(op.code).starts_with("STABLEHLO_") ? std::nullopt : Number(0);
    }
  }

  // Each step multiplies by every matrix; vectors are multiplied by element.
  Number recurrent(const TfliteOperator& op) const {
    Number weights = 0;
    for (std::int32_t each : op.inputs) {
      if (each < 0 || shape(each).size() != 2 || !is_constant_[at(each)]) continue;
      if (weights) weights = elements(each) ? checked_add(*weights, *elements(each)) : std::nullopt;
    }
    return times(2, times(divided(elements(input(op, 0)), last(input(op, 0))), weights));
  }

  // Weights in float16 are made float32 by an operator of their own.
  std::int32_t weight_of(const TfliteOperator& op) const {
    for (std::int32_t each : op.inputs) {
      if (each < 0 || shape(each).size() < 2) continue;
      const std::int32_t origin = made_from_[at(each)] < 0 ? each : made_from_[at(each)];
      if (is_constant_[at(origin)]) return origin;
    }
    return -1;
  }

  const TfliteSubgraph& subgraph_;
  const std::vector<bool>& is_constant_;
  std::vector<Number> elements_;
  std::vector<std::int32_t> made_from_;
};

}  // namespace

std::vector<TfliteCost> tflite_costs(const TfliteSubgraph& subgraph, const std::vector<bool>& is_constant) {
  Costs costs(subgraph, is_constant);
  std::vector<TfliteCost> all;
  all.reserve(subgraph.operators.size());
  for (const TfliteOperator& op : subgraph.operators) all.push_back(costs.cost(op));
  return all;
}

}  // namespace weigh
