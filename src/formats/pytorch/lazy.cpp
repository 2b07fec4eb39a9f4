#include "formats/pytorch/lazy.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace weigh::pytorch {
namespace {

// A size that an attribute of the layer records; nothing where it is missing or itself lazy.
std::optional<Extent> size_of(Value module, std::string_view attribute_name) {
  std::int64_t size = integer_or(attribute(module, attribute_name), -1);
  return size < 0 ? std::nullopt : std::optional<Extent>(Extent(static_cast<std::uint64_t>(size)));
}

enum class Side : std::uint8_t { source, target, edge };

// How PyG's convolutions name the layers that their inputs meet.
constexpr std::array<std::pair<std::string_view, Side>, 14> kSides = {{
    {"lin", Side::source},
    {"lin_l", Side::source},
    {"lin_src", Side::source},
    {"lin_key", Side::source},
    {"lin_value", Side::source},
    {"lin_rel", Side::source},
    {"lin_r", Side::target},
    {"lin_dst", Side::target},
    {"lin_query", Side::target},
    {"lin_skip", Side::target},
    {"lin_root", Side::target},
    {"res", Side::target},
    {"root", Side::target},
    {"lin_edge", Side::edge},
}};

// Of these it is known that the layers above take the convolution's own in_channels, and nothing else.
constexpr std::array<std::string_view, 6> kSharedInput = {"GATConv",  "GATv2Conv", "TransformerConv",
                                                          "SAGEConv", "GraphConv", "GCNConv"};

bool shares_its_input(Value convolution) {
  std::string_view global = class_of(convolution);
  if (!global.starts_with("torch_geometric.nn.conv.")) return false;
  // SAGEConv with several aggregations feeds lin_l their concatenation.
  bool has_one_aggregation = !attribute(convolution, "aggr").is(Kind::list);
  return has_one_aggregation &&
         std::find(kSharedInput.begin(), kSharedInput.end(), short_class_name(global)) != kSharedInput.end();
}

}  // namespace

void LazyShapes::complete(Index tensor, const Layer& layer, std::string_view name) {
  std::string_view global = class_of(layer.module);
  Shape shape;
  if (global.starts_with("torch.nn.modules.")) shape = torch_shape(layer, name);
  if (global.starts_with("torch_geometric.nn.")) shape = geometric_shape(layer, name);
  if (shape) assembler_.set_shape(tensor, *shape);
}

LazyShapes::Shape LazyShapes::torch_shape(const Layer& layer, std::string_view name) {
  std::string_view type = short_class_name(class_of(layer.module));
  if (type.starts_with("LazyBatchNorm") || type.starts_with("LazyInstanceNorm"))
    return std::vector{unknown(layer.index, "num_features")};
  if (type.starts_with("LazyConv")) return convolution_shape(layer, name, type.starts_with("LazyConvTranspose"));
  if (type != "LazyLinear") return std::nullopt;
  std::optional<Extent> out = size_of(layer.module, "out_features");
  if (!out) return std::nullopt;
  if (name == "bias") return std::vector{*out};
  return std::vector{*out, unknown(layer.index, "in")};
}

// weight [out, in / groups, *kernel], transposed [in, out / groups, *kernel]; bias [out].
LazyShapes::Shape LazyShapes::convolution_shape(const Layer& layer, std::string_view name, bool is_transposed) {
  std::optional<Extent> out = size_of(layer.module, "out_channels");
  const std::int64_t groups = integer_or(attribute(layer.module, "groups"), 0);
  if (!out || groups <= 0) return std::nullopt;
  if (name == "bias") return std::vector{*out};
  std::vector<Extent> shape;
  if (is_transposed) {
    shape = {unknown(layer.index, "in"), Extent(out->size() / static_cast<std::uint64_t>(groups))};
  } else {
    shape = {*out, unknown(layer.index, groups == 1 ? "in" : fmt::format("in/{}", groups))};
  }
  std::span<const Value> kernel = attribute(layer.module, "kernel_size").items();
  if (kernel.empty() || kernel.size() > 3) return std::nullopt;
  for (Value size : kernel) {
    if (integer_or(size, -1) < 0) return std::nullopt;
    shape.emplace_back(static_cast<std::uint64_t>(size.integer()));
  }
  return shape;
}

LazyShapes::Shape LazyShapes::geometric_shape(const Layer& layer, std::string_view name) {
  std::string_view type = short_class_name(class_of(layer.module));
  auto size = [&](std::string_view attribute_name) { return size_of(layer.module, attribute_name); };
  std::optional<Extent> out = size("out_channels");
  if (!out) return std::nullopt;
  if (type == "Linear" && name == "weight") return std::vector{*out, input_of_linear(layer)};
  if (type == "HeteroLinear" && name == "weight") {
    if (std::optional<Extent> types = size("num_types")) return std::vector{*types, unknown(layer.index, "in"), *out};
  }
  if (type == "SplineConv" && name == "weight") {
    if (std::optional<Extent> kernels = size("K")) return std::vector{*kernels, unknown(layer.index, "in"), *out};
  }
  if (type == "ARMAConv") {
    std::optional<Extent> stacks = size("num_stacks");
    std::optional<Extent> layers = size("num_layers");
    if (!stacks || !layers) return std::nullopt;
    if (boolean_or(attribute(layer.module, "shared_weights"), false)) layers = Extent(1);
    if (name == "init_weight") return std::vector{*stacks, unknown(layer.index, "in"), *out};
    if (name == "root_weight") return std::vector{*layers, *stacks, unknown(layer.index, "in"), *out};
  }
  if (type == "GMMConv") {
    std::optional<Extent> kernels = size("kernel_size");
    std::optional<Extent> dim = size("dim");
    if (!kernels || !dim || kernels->size() > INT32_MAX || out->size() > INT32_MAX) return std::nullopt;
    if (name == "g") return std::vector{unknown(layer.index, "in"), Extent(out->size() * kernels->size())};
    if (name == "mu" || name == "sigma") return std::vector{unknown(layer.index, "in"), *out, *kernels, *dim};
  }
  return std::nullopt;
}

// The input of a Linear in a convolution is the convolution's: one unknown for all that share it.
Extent LazyShapes::input_of_linear(const Layer& layer) {
  auto side = std::find_if(kSides.begin(), kSides.end(), [&](const auto& row) { return row.first == layer.name; });
  if (side == kSides.end() || !shares_its_input(layer.parent)) return unknown(layer.index, "in");
  if (side->second == Side::edge) return unknown(layer.parent_index, "edge_dim");
  const bool is_bipartite = attribute(layer.parent, "in_channels").is(Kind::tuple);
  if (!is_bipartite) return unknown(layer.parent_index, "in");
  return unknown(layer.parent_index, side->second == Side::source ? "in_l" : "in_r");
}

void LazyShapes::complete_beside_bias(Index module) {
  Model& model = assembler_.model();
  Index weight = kNone;
  std::optional<std::vector<Extent>> bias;
  for (Index i = model.modules[module].first_tensor; i != kNone; i = model.tensors[i].next) {
    const Tensor& tensor = model.tensors[i];
    std::string_view name = tensor.name;
    if (name == "weight" && tensor.state == State::uninitialised) {
      weight = i;
    } else if (name == "bias" && tensor.state != State::uninitialised && tensor.rank_known()) {
      bias.emplace(model.shape_begin(tensor), model.shape_end(tensor));
    } else {
      return;  // some other layer (SplineConv has a kernel_size besides)
    }
  }
  if (weight == kNone || !bias || bias->empty() || bias->size() > 2) return;
  Extent in = unknown(module, "in");
  std::vector<Extent> shape = {bias->front(), in};
  if (bias->size() == 2) shape.push_back(bias->back());  // HeteroLinear: weight [types, in, out], bias [types, out]
  assembler_.set_shape(weight, shape);
}

Extent LazyShapes::unknown(Index layer, std::string_view name) {
  const auto [place, is_new] = symbols_.try_emplace({layer, std::string(name)});
  if (is_new) place->second = assembler_.builder().symbol(name, layer);
  return Extent::unknown(place->second);
}

}  // namespace weigh::pytorch
