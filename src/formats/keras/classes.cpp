#include "formats/keras/classes.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/digits.h"

namespace weigh::keras {
namespace {

using Shape = std::vector<Dimension>;

Dimension known(std::uint64_t size) { return {size, ""}; }

// Products of extents that a file tells; one beyond all bounds is as good as unknown.
Dimension times(const Dimension& a, std::uint64_t factor) {
  if (!a.unknown.empty()) return factor == 1 ? a : Dimension{0, fmt::format("{}·{}", factor, a.unknown)};
  const auto product = checked_mul(a.size, factor);
  return product && *product <= Extent::kMax ? known(*product) : Dimension{0, "size"};
}

Dimension setting(const ConfigNode& node, std::string_view name) {
  const auto number = node.number(name);
  return number ? known(*number) : Dimension{0, std::string(name)};
}

// The last extent of the input, or another one.
Dimension input(const ConfigNode& node, std::size_t axis = SIZE_MAX) {
  const auto& shape = node.input_shape;
  if (axis == SIZE_MAX) axis = shape.empty() ? 0 : shape.size() - 1;
  if (axis < shape.size() && shape[axis]) return known(*shape[axis]);
  return {0, "in"};
}

// "axis": -1, or 3 of four: what is normalised. Any but the last is looked up where the input's shape is recorded.
std::optional<Shape> along_axis(const ConfigNode& node) {
  const auto found = node.settings.find("axis");
  if (found == node.settings.end() || found->second == "-1" || found->second == "[-1]") return Shape{input(node)};
  std::vector<std::uint64_t> axes = node.numbers("axis");
  if (const auto axis = node.number("axis")) axes = {*axis};
  if (axes.size() != 1) return std::nullopt;
  return Shape{input(node, node.input_shape.empty() ? SIZE_MAX : axes.front())};
}

void add_bias(const ConfigNode& node, const Dimension& size, std::vector<Variable>& list) {
  if (node.is_true("use_bias", true)) list.push_back({"bias", false, false, Shape{size}});
}

std::vector<Variable> dense(const ConfigNode& node) {
  const Dimension units = setting(node, "units");
  std::vector<Variable> list = {{"kernel", false, false, Shape{input(node), units}}};
  add_bias(node, units, list);
  return list;
}

std::vector<Variable> einsum_dense(const ConfigNode& node) {
  std::vector<Variable> list = {{"kernel", false, false, std::nullopt}};
  const auto bias_axes = node.settings.find("bias_axes");
  if (bias_axes == node.settings.end() || bias_axes->second != "null") list.push_back({"bias", false, false, {}});
  return list;
}

std::vector<Variable> embedding(const ConfigNode& node) {
  return {{"embeddings", false, false, Shape{setting(node, "input_dim"), setting(node, "output_dim")}}};
}

std::optional<Shape> with_kernel(const ConfigNode& node, std::initializer_list<Dimension> more) {
  Shape shape;
  for (const std::uint64_t size : node.numbers("kernel_size")) shape.push_back(known(size));
  if (shape.empty()) return std::nullopt;
  shape.insert(shape.end(), more);
  return shape;
}

// "data_format" is not asked: where it is "channels_first" the input is unknown unless it is recorded.
std::vector<Variable> convolution(const ConfigNode& node) {
  const std::uint64_t groups = node.number("groups").value_or(1);
  Dimension in = input(node);
  if (groups > 1) in = in.unknown.empty() ? known(in.size / groups) : Dimension{0, fmt::format("in/{}", groups)};
  const Dimension filters = setting(node, "filters");
  std::vector<Variable> list = {{"kernel", false, false, with_kernel(node, {in, filters})}};
  add_bias(node, filters, list);
  return list;
}

std::vector<Variable> transposed_convolution(const ConfigNode& node) {
  const Dimension filters = setting(node, "filters");
  std::vector<Variable> list = {{"kernel", false, false, with_kernel(node, {filters, input(node)})}};
  add_bias(node, filters, list);
  return list;
}

std::vector<Variable> depthwise_convolution(const ConfigNode& node) {
  const std::uint64_t multiplier = node.number("depth_multiplier").value_or(1);
  std::vector<Variable> list = {{"kernel", false, false, with_kernel(node, {input(node), known(multiplier)})}};
  add_bias(node, times(input(node), multiplier), list);
  return list;
}

std::vector<Variable> separable_convolution(const ConfigNode& node) {
  const std::uint64_t multiplier = node.number("depth_multiplier").value_or(1);
  const Dimension filters = setting(node, "filters");
  Shape pointwise(node.numbers("kernel_size").size(), known(1));
  pointwise.push_back(times(input(node), multiplier));
  pointwise.push_back(filters);
  std::vector<Variable> list = {{"depthwise_kernel", false, false, with_kernel(node, {input(node), known(multiplier)})},
                                {"pointwise_kernel", false, false, pointwise}};
  add_bias(node, filters, list);
  return list;
}

std::vector<Variable> batch_normalization(const ConfigNode& node) {
  const auto shape = along_axis(node);
  std::vector<Variable> list;
  if (node.is_true("scale", true)) list.push_back({"gamma", false, false, shape});
  if (node.is_true("center", true)) list.push_back({"beta", false, false, shape});
  list.push_back({"moving_mean", true, false, shape});
  list.push_back({"moving_variance", true, false, shape});
  if (node.is_true("renorm", false))
    for (const char* name : {"moving_stddev", "renorm_mean", "renorm_stddev"})
      list.push_back({name, true, false, shape});
  return list;
}

std::vector<Variable> scale_and_center(const ConfigNode& node) {
  const auto shape = along_axis(node);
  const bool rms_scaling = node.is_true("rms_scaling", false);
  std::vector<Variable> list;
  if (node.is_true("scale", true) || rms_scaling) list.push_back({"gamma", false, false, shape});
  if (node.is_true("center", true) && !rms_scaling) list.push_back({"beta", false, false, shape});
  return list;
}

std::vector<Variable> rms_normalization(const ConfigNode& node) { return {{"scale", false, false, along_axis(node)}}; }

std::vector<Variable> prelu(const ConfigNode& node) {
  if (node.input_shape.size() < 2) return {{"alpha", false, false, std::nullopt}};
  Shape shape;
  for (std::size_t axis = 1; axis < node.input_shape.size(); ++axis) shape.push_back(input(node, axis));
  for (const std::uint64_t axis : node.numbers("shared_axes"))
    if (axis >= 1 && axis <= shape.size()) shape[axis - 1] = known(1);
  return {{"alpha", false, false, shape}};
}

std::vector<Variable> cell(const ConfigNode& node, std::uint64_t gates, bool has_two_biases) {
  const Dimension units = setting(node, "units");
  const Dimension out = times(units, gates);
  std::vector<Variable> list = {{"kernel", false, false, Shape{input(node), out}},
                                {"recurrent_kernel", false, false, Shape{units, out}}};
  if (!node.is_true("use_bias", true)) return list;
  list.push_back({"bias", false, false, has_two_biases ? Shape{known(2), out} : Shape{out}});
  return list;
}

std::vector<Variable> simple_cell(const ConfigNode& node) { return cell(node, 1, false); }
std::vector<Variable> lstm_cell(const ConfigNode& node) { return cell(node, 4, false); }
std::vector<Variable> gru_cell(const ConfigNode& node) { return cell(node, 3, node.is_true("reset_after", true)); }

std::vector<Variable> conv_lstm_cell(const ConfigNode& node) {
  const Dimension filters = setting(node, "filters");
  std::vector<Variable> list = {{"kernel", false, false, with_kernel(node, {input(node), times(filters, 4)})},
                                {"recurrent_kernel", false, false, with_kernel(node, {filters, times(filters, 4)})}};
  add_bias(node, times(filters, 4), list);
  return list;
}

// With "mean" in the configuration both are constants of the graph.
std::vector<Variable> normalization(const ConfigNode& node) {
  const auto mean = node.settings.find("mean");
  if (mean != node.settings.end() && mean->second != "null") return {};
  const auto shape = along_axis(node);
  return {{"mean", true, false, shape}, {"variance", true, false, shape}, {"count", true, false, Shape{}}};
}

std::vector<Variable> spectral_normalization(const ConfigNode&) {
  return {{"kernel", false, true, std::nullopt}, {"vector_u", true, false, std::nullopt}};
}

std::vector<Variable> attention(const ConfigNode& node) {
  std::vector<Variable> list;
  if (node.is_true("use_scale", false)) list.push_back({"scale", false, false, Shape{}});
  const auto mode = node.settings.find("score_mode");
  if (mode != node.settings.end() && mode->second == "\"concat\"")
    list.push_back({"concat_score_weight", false, false, Shape{}});
  return list;
}

std::vector<Variable> additive_attention(const ConfigNode& node) {
  if (!node.is_true("use_scale", true)) return {};
  return {{"scale", false, false, Shape{input(node)}}};
}

struct Row {
  std::string_view class_name;
  std::vector<Variable> (*variables)(const ConfigNode&);
};

constexpr std::array<Row, 45> kClasses = {{
    {"Dense", dense},
    {"EinsumDense", einsum_dense},
    {"Embedding", embedding},
    {"ReversibleEmbedding", embedding},
    {"Conv1D", convolution},
    {"Conv2D", convolution},
    {"Conv3D", convolution},
    {"Convolution1D", convolution},
    {"Convolution2D", convolution},
    {"Convolution3D", convolution},
    {"Conv1DTranspose", transposed_convolution},
    {"Conv2DTranspose", transposed_convolution},
    {"Conv3DTranspose", transposed_convolution},
    {"DepthwiseConv1D", depthwise_convolution},
    {"DepthwiseConv2D", depthwise_convolution},
    {"SeparableConv1D", separable_convolution},
    {"SeparableConv2D", separable_convolution},
    {"BatchNormalization", batch_normalization},
    {"BatchNormalizationV1", batch_normalization},
    {"BatchNormalizationV2", batch_normalization},
    {"SyncBatchNormalization", batch_normalization},
    {"LayerNormalization", scale_and_center},
    {"GroupNormalization", scale_and_center},
    {"RMSNormalization", rms_normalization},
    {"SpectralNormalization", spectral_normalization},
    {"Normalization", normalization},
    {"PReLU", prelu},
    {"SimpleRNNCell", simple_cell},
    {"LSTMCell", lstm_cell},
    {"GRUCell", gru_cell},
    {"ConvLSTMCell", conv_lstm_cell},
    {"Attention", attention},
    {"AdditiveAttention", additive_attention},
    // Without variables of their own: they hold layers that have some.
    {"SimpleRNN", nullptr},
    {"LSTM", nullptr},
    {"GRU", nullptr},
    {"ConvLSTM1D", nullptr},
    {"ConvLSTM2D", nullptr},
    {"ConvLSTM3D", nullptr},
    {"Bidirectional", nullptr},
    {"TimeDistributed", nullptr},
    {"MultiHeadAttention", nullptr},
    {"GroupedQueryAttention", nullptr},
    {"Functional", nullptr},
    {"Sequential", nullptr},
}};

const Row* find(std::string_view class_name) {
  const auto found =
      std::find_if(kClasses.begin(), kClasses.end(), [&](const Row& row) { return row.class_name == class_name; });
  return found == kClasses.end() ? nullptr : &*found;
}

// What quantised layers keep beside their own, as variable_serialization_spec of each layer tells. The mode is the
// first word of "int4/128", "gptq/4/128"; a block size behind that of int4 gives it groups.
void quantize(const ConfigNode& node, std::vector<Variable>& list) {
  if (list.empty() || (list[0].name != "kernel" && list[0].name != "embeddings")) return;
  const std::string_view policy = node.quantization;
  const std::string_view mode = policy.substr(0, policy.find('/'));
  const auto add = [&](std::initializer_list<std::string_view> names) {
    for (const std::string_view name : names) list.push_back({name, true, false, std::nullopt});
  };
  const bool is_kernel = list[0].name == "kernel";
  if (mode == "int8" || mode == "int4") {
    add({is_kernel ? "kernel_scale" : "embeddings_scale"});
    const bool has_groups = mode == "int4" && policy.size() > mode.size() && !policy.ends_with("/-1");
    if (has_groups) add({is_kernel ? "kernel_zero" : "embeddings_zero", "g_idx"});
  } else if (mode == "float8" && is_kernel) {
    add({"inputs_scale", "inputs_amax_history", "kernel_scale", "kernel_amax_history", "outputs_grad_scale",
         "outputs_grad_amax_history"});
  } else if ((mode == "gptq" || mode == "awq") && is_kernel) {
    std::rotate(list.begin(), list.begin() + 1, list.end());  // the bias is first
    list.back() = {"quantized_kernel", false, false, std::nullopt};
    add({"kernel_scale"});  // kernel_zero, which the layer has, too, is not saved
    if (mode == "awq") add({"awq_scales"});
    add({"g_idx"});
  }
}

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }

// An underscore before a capital that small letters follow, and between a small letter and a capital.
std::string split_before_words(std::string_view text) {
  std::string split;
  for (std::size_t i = 0; i < text.size(); ++i) {
    split += text[i];
    if (i + 2 >= text.size() || !is_upper(text[i + 1]) || !is_lower(text[i + 2])) continue;
    split += '_';
    split += text[++i];
    while (i + 1 < text.size() && is_lower(text[i + 1])) split += text[++i];
  }
  return split;
}

ConfigNode child_of(const ConfigNode& parent, std::string key, std::string class_name, std::string name) {
  ConfigNode child;
  child.key = std::move(key);
  child.class_name = std::move(class_name);
  child.name = std::move(name);
  child.is_layer = true;
  child.is_custom = parent.is_custom;
  child.trainable = parent.trainable;
  child.is_built = parent.is_built;
  child.dtype = parent.dtype;
  child.quantization = parent.quantization;
  return child;
}

void add(std::vector<ConfigNode>& nodes, std::size_t parent, ConfigNode child) {
  nodes[parent].children.push_back(nodes.size());
  nodes.push_back(std::move(child));
}

bool is_recurrent(std::string_view class_name) {
  constexpr std::array<std::string_view, 6> kRecurrent = {"LSTM",       "GRU",        "SimpleRNN",
                                                          "ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D"};
  return std::find(kRecurrent.begin(), kRecurrent.end(), class_name) != kRecurrent.end();
}

void expand_recurrent(std::vector<ConfigNode>& nodes, std::size_t node) {
  const ConfigNode& layer = nodes[node];
  const std::string cell = layer.class_name.starts_with("ConvLSTM") ? "ConvLSTMCell" : layer.class_name + "Cell";
  ConfigNode child = child_of(layer, "cell", cell, snake_case(cell));
  child.settings = layer.settings;
  child.input_shape = layer.input_shape;
  add(nodes, node, std::move(child));
}

// The layer becomes the forward direction, a copy of it the backward one. Keras 3 writes the forward one, Keras 2 the
// layer that it was made of.
void expand_bidirectional(std::vector<ConfigNode>& nodes, std::size_t node) {
  constexpr std::string_view kForward = "forward_";
  std::size_t forward = SIZE_MAX;
  bool has_backward = false;
  for (const std::size_t child : nodes[node].children) {
    if (nodes[child].key == "layer") forward = child;
    has_backward |= nodes[child].key == "backward_layer";
  }
  if (forward == SIZE_MAX) return;
  ConfigNode copy = nodes[forward];
  copy.children.clear();
  copy.key = "backward_layer";
  const std::string name = copy.name.starts_with(kForward) ? copy.name.substr(kForward.size()) : copy.name;
  copy.name = "backward_" + name;
  nodes[forward].key = "forward_layer";
  nodes[forward].name = std::string(kForward) + name;
  if (!has_backward && is_recurrent(copy.class_name)) add(nodes, node, std::move(copy));
}

void expand_attention(std::vector<ConfigNode>& nodes, std::size_t node) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 4> kProjections = {{
      {"query_dense", "query"},
      {"key_dense", "key"},
      {"value_dense", "value"},
      {"output_dense", "attention_output"},
  }};
  for (const auto& [key, name] : kProjections) {
    ConfigNode child = child_of(nodes[node], std::string(key), "EinsumDense", std::string(name));
    if (!nodes[node].is_true("use_bias", true)) child.settings["bias_axes"] = "null";
    add(nodes, node, std::move(child));
  }
}

}  // namespace

std::vector<Variable> variables_of(const ConfigNode& node) {
  const Row* row = node.is_custom ? nullptr : find(node.class_name);
  if (row == nullptr || row->variables == nullptr) return {};
  std::vector<Variable> list = row->variables(node);
  quantize(node, list);
  return list;
}

std::vector<Variable> variables_of_class(std::string_view class_name, std::size_t count) {
  ConfigNode node;
  node.class_name = class_name;
  std::vector<Variable> list = variables_of(node);
  if (list.empty() || list.size() == count) return list;
  if (class_name.starts_with("BatchNormalization") && (count == 2 || count == 3)) {
    std::vector<Variable> sure(count);
    sure[count - 2] = {"moving_mean", true, false, std::nullopt};
    sure[count - 1] = {"moving_variance", true, false, std::nullopt};
    return sure;
  }
  if (list.back().name == "bias" && list.size() == count + 1) {
    list.pop_back();
    return list;
  }
  return {};
}

std::string snake_case(std::string_view class_name) {
  std::string plain;
  for (const char c : class_name)
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') plain += c;
  const std::string words = split_before_words(plain);
  std::string snake;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0 && is_lower(words[i - 1]) && is_upper(words[i])) snake += '_';
    snake += static_cast<char>(std::tolower(static_cast<unsigned char>(words[i])));
  }
  return snake;
}

std::string_view class_of_name(std::string_view name) {
  const std::size_t last = name.rfind('_');
  if (last != std::string_view::npos && is_number(name.substr(last + 1))) name = name.substr(0, last);
  const auto found = std::find_if(kClasses.begin(), kClasses.end(),
                                  [&](const Row& row) { return snake_case(row.class_name) == name; });
  return found == kClasses.end() ? std::string_view() : found->class_name;
}

void expand(std::vector<ConfigNode>& nodes, std::size_t node) {
  if (!nodes[node].is_layer || nodes[node].is_custom) return;
  const std::string_view class_name = nodes[node].class_name;
  if (is_recurrent(class_name)) return expand_recurrent(nodes, node);
  if (class_name == "Bidirectional") return expand_bidirectional(nodes, node);
  if (class_name == "MultiHeadAttention" || class_name == "GroupedQueryAttention" ||
      class_name == "GroupQueryAttention")
    return expand_attention(nodes, node);
}

}  // namespace weigh::keras
