#include "conventions/lazy_shapes.h"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

namespace weigh::conventions {
namespace {

const LayerAttribute* find(const LayerFacts& facts, std::string_view name) {
  for (const LayerAttribute& attribute : facts.attributes)
    if (attribute.name == name) return &attribute;
  return nullptr;
}

std::int64_t number_or(const LayerFacts& facts, std::string_view name, std::int64_t otherwise) {
  const LayerAttribute* found = find(facts, name);
  return found != nullptr && found->kind == LayerAttribute::Kind::number ? found->numbers.front() : otherwise;
}

bool is_true(const LayerFacts& facts, std::string_view name) {
  const LayerAttribute* found = find(facts, name);
  return found != nullptr && found->kind == LayerAttribute::Kind::truth && found->numbers.front() != 0;
}

bool is_of_kind(const LayerFacts& facts, std::string_view name, LayerAttribute::Kind kind) {
  const LayerAttribute* found = find(facts, name);
  return found != nullptr && found->kind == kind;
}

std::span<const std::int64_t> numbers(const LayerFacts& facts, std::string_view name) {
  const LayerAttribute* found = find(facts, name);
  if (found == nullptr) return {};
  return found->numbers;
}

// A size that an attribute of the layer records; nothing where it is missing or itself lazy.
std::optional<Extent> size_of(const Layer& layer, std::string_view attribute_name) {
  const std::int64_t size = number_or(*layer.facts, attribute_name, -1);
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

bool shares_its_input(const LayerFacts* convolution) {
  if (convolution == nullptr) return false;
  // SAGEConv with several aggregations feeds lin_l their concatenation.
  if (is_of_kind(*convolution, "aggr", LayerAttribute::Kind::list)) return false;
  return std::any_of(convolution->classes.begin(), convolution->classes.end(), [](const LayerFacts::Class& one) {
    return one.module.starts_with("torch_geometric.nn.conv.") &&
           std::find(kSharedInput.begin(), kSharedInput.end(), one.name) != kSharedInput.end();
  });
}

}  // namespace

Shape LazyShapes::of(const Layer& layer, std::string_view name) {
  for (const auto& [module, type] : layer.facts->classes) {
    Shape shape;
    if (module.starts_with("torch.nn.modules.")) shape = torch_shape(layer, type, name);
    if (module.starts_with("torch_geometric.nn.")) shape = geometric_shape(layer, type, name);
    if (shape) return shape;
  }
  return std::nullopt;
}

Shape LazyShapes::torch_shape(const Layer& layer, std::string_view type, std::string_view name) {
  if (type.starts_with("LazyBatchNorm") || type.starts_with("LazyInstanceNorm"))
    return std::vector{unknown(layer.index, "num_features")};
  if (type.starts_with("LazyConv")) return convolution_shape(layer, name, type.starts_with("LazyConvTranspose"));
  if (type != "LazyLinear") return std::nullopt;
  const std::optional<Extent> out = size_of(layer, "out_features");
  if (!out) return std::nullopt;
  if (name == "bias") return std::vector{*out};
  return std::vector{*out, unknown(layer.index, "in")};
}

// weight [out, in / groups, *kernel], transposed [in, out / groups, *kernel]; bias [out].
Shape LazyShapes::convolution_shape(const Layer& layer, std::string_view name, bool is_transposed) {
  const std::optional<Extent> out = size_of(layer, "out_channels");
  const std::int64_t groups = number_or(*layer.facts, "groups", 0);
  if (!out || groups <= 0) return std::nullopt;
  if (name == "bias") return std::vector{*out};
  std::vector<Extent> shape;
  if (is_transposed) {
    shape = {unknown(layer.index, "in"), Extent(out->size() / static_cast<std::uint64_t>(groups))};
  } else {
    shape = {*out, unknown(layer.index, groups == 1 ? "in" : "in/" + std::to_string(groups))};
  }
  const std::span<const std::int64_t> kernel = numbers(*layer.facts, "kernel_size");
  if (kernel.empty() || kernel.size() > 3) return std::nullopt;
  for (const std::int64_t size : kernel) {
    if (size < 0) return std::nullopt;
    shape.emplace_back(static_cast<std::uint64_t>(size));
  }
  return shape;
}

Shape LazyShapes::geometric_shape(const Layer& layer, std::string_view type, std::string_view name) {
  const std::optional<Extent> out = size_of(layer, "out_channels");
  if (!out) return std::nullopt;
  if (type == "Linear" && name == "weight") return std::vector{*out, input_of_linear(layer)};
  if (type == "HeteroLinear" && name == "weight") {
    if (const std::optional<Extent> types = size_of(layer, "num_types"))
      return std::vector{*types, unknown(layer.index, "in"), *out};
  }
  return own_parameter_shape(layer, type, name, *out);
}

// Of convolutions that own lazy parameters themselves.
Shape LazyShapes::own_parameter_shape(const Layer& layer, std::string_view type, std::string_view name, Extent out) {
  if (type == "SplineConv" && name == "weight") {
    if (const std::optional<Extent> kernels = size_of(layer, "K"))
      return std::vector{*kernels, unknown(layer.index, "in"), out};
  }
  if (type == "ARMAConv") return arma_shape(layer, name, out);
  if (type == "GMMConv") return mixture_shape(layer, name, out);
  return std::nullopt;
}

// init_weight [stacks, in, out], root_weight [layers, stacks, in, out]. PyG takes `layers` from its other weight, which
// is there once where there is one layer and where layers share it, and adds 1 to it: so there are 2 at least.
Shape LazyShapes::arma_shape(const Layer& layer, std::string_view name, Extent out) {
  const std::optional<Extent> stacks = size_of(layer, "num_stacks");
  const std::optional<Extent> layers = size_of(layer, "num_layers");
  if (!stacks || !layers || !find(*layer.facts, "shared_weights")) return std::nullopt;
  if (name == "init_weight") return std::vector{*stacks, unknown(layer.index, "in"), out};
  if (name != "root_weight") return std::nullopt;
  const std::uint64_t rows = is_true(*layer.facts, "shared_weights") ? 2 : std::max<std::uint64_t>(layers->size(), 2);
  return std::vector{Extent(rows), *stacks, unknown(layer.index, "in"), out};
}

// g [in, out · kernels]; mu and sigma [kernels, dim], and with separate Gaussians [in, out, kernels, dim].
Shape LazyShapes::mixture_shape(const Layer& layer, std::string_view name, Extent out) {
  const std::optional<Extent> kernels = size_of(layer, "kernel_size");
  const std::optional<Extent> dim = size_of(layer, "dim");
  if (!kernels || !dim || kernels->size() > INT32_MAX || out.size() > INT32_MAX) return std::nullopt;
  if (name == "g") return std::vector{unknown(layer.index, "in"), Extent(out.size() * kernels->size())};
  if ((name != "mu" && name != "sigma") || !find(*layer.facts, "separate_gaussians")) return std::nullopt;
  if (!is_true(*layer.facts, "separate_gaussians")) return std::vector{*kernels, *dim};
  return std::vector{unknown(layer.index, "in"), out, *kernels, *dim};
}

// The input of a Linear in a convolution is the convolution's: one unknown for all that share it.
Extent LazyShapes::input_of_linear(const Layer& layer) {
  const auto* side =
      std::find_if(kSides.begin(), kSides.end(), [&](const auto& row) { return row.first == layer.name; });
  if (side == kSides.end() || !shares_its_input(layer.parent)) return unknown(layer.index, "in");
  if (side->second == Side::edge) return unknown(layer.parent_index, "edge_dim");
  if (!is_of_kind(*layer.parent, "in_channels", LayerAttribute::Kind::tuple)) return unknown(layer.parent_index, "in");
  return unknown(layer.parent_index, side->second == Side::source ? "in_l" : "in_r");
}

Extent LazyShapes::unknown(Index layer, std::string_view name) {
  const auto [place, is_new] = symbols_.try_emplace({layer, std::string(name)});
  if (is_new) place->second = new_symbol_(name, layer);
  return Extent::unknown(place->second);
}

}  // namespace weigh::conventions
