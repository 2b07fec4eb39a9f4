#include "formats/pt2/graph.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "formats/pt2/size.h"

namespace weigh::pt2 {
namespace {

// ScalarType of torch/_export/serde/schema.py.
DType dtype_of(std::uint64_t number) {
  static const std::map<std::uint64_t, DType> kTypes = {{1, DType::uint8},
                                                        {2, DType::int8},
                                                        {3, DType::int16},
                                                        {4, DType::int32},
                                                        {5, DType::int64},
                                                        {6, DType::float16},
                                                        {7, DType::float32},
                                                        {8, DType::float64},
                                                        {9, DType::complex32},
                                                        {10, DType::complex64},
                                                        {11, DType::complex128},
                                                        {12, DType::boolean},
                                                        {13, DType::bfloat16},
                                                        {28, DType::uint16},
                                                        {29, DType::float8_e4m3fn},
                                                        {30, DType::float8_e5m2},
                                                        {31, DType::float8_e4m3fnuz},
                                                        {32, DType::float8_e5m2fnuz},
                                                        {33, DType::float8_e8m0fnu},
                                                        {34, DType::uint32},
                                                        {35, DType::uint64}};
  const auto found = kTypes.find(number);
  return found == kTypes.end() ? DType::unknown : found->second;
}

struct Length {
  Extent extent;
  Count count;
};

// {"as_int": 8}, or {"as_expr": {"expr_str": …, "hint": …}} for a size that varies.
Length length(json::Document& document, json::Value value, Symbols& symbols) {
  Length length{Extent::unknown(kNameless), Count::unknown()};
  document.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
    if (key == "as_int") {
      const std::int64_t size = held.get_int64().value();
      if (size < 0) document.fail(fmt::format("a size is {}, which is negative", size));
      length = {Extent(static_cast<std::uint64_t>(size)), static_cast<std::uint64_t>(size)};
    }
    if (key != "as_expr") return;
    document.each(held.get_object().value(), [&](std::string_view part, json::Value of) {
      std::string_view text;
      if (part != "expr_str" || of.get_string().get(text)) return;
      if (std::optional<Size> size = parse_size(text, std::ref(symbols)))
        length = {Extent::unknown(symbols(size->text)), std::move(size->count)};
    });
  });
  return length;
}

template <class Visit>
void each_item(json::Value value, Visit&& visit) {
  json::Array items = value.get_array().value();
  for (auto item : items) visit(item.value());
}

class GraphReader {
 public:
  GraphReader(json::Document& document, Symbols& symbols) : document_(document), symbols_(symbols) {}

  Graph read(json::Value value) {
    document_.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      if (key == "inputs") each_item(held, [&](json::Value item) { read_values(item, graph_.inputs); });
      if (key == "outputs") each_item(held, [&](json::Value item) { read_values(item, graph_.outputs); });
      if (key == "nodes") each_item(held, [&](json::Value item) { read_node(item); });
      if (key != "tensor_values") return;
      document_.each(held.get_object().value(), [&](std::string_view name, json::Value meta) {
        Value& described = graph_.values[graph_.value(name)];
        described.meta = read_tensor_meta(document_, meta, symbols_);
        described.is_described = true;
      });
    });
    return std::move(graph_);
  }

 private:
  void read_node(json::Value value) {
    Node node;
    document_.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      if (key == "target") node.target = held.get_string().value();
      if (key == "inputs") each_item(held, [&](json::Value item) { read_argument(item, node); });
      if (key == "outputs") each_item(held, [&](json::Value item) { read_values(item, node.outputs); });
      if (key != "metadata") return;
      document_.each(held.get_object().value(), [&](std::string_view fact, json::Value of) {
        std::string_view text;
        if (fact == "nn_module_stack" && !of.get_string().get(text)) node.stack = stack(text);
      });
    });
    const auto number = static_cast<Index>(graph_.nodes.size());
    for (const Index output : node.outputs) graph_.values[output].producer = number;
    graph_.nodes.push_back(std::move(node));
  }

  // {"name": "weight", "arg": {"as_tensor": {"name": …}}, …}
  void read_argument(json::Value value, Node& node) {
    Argument argument;
    document_.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      std::string_view name;
      if (key == "name" && !held.get_string().get(name)) argument.name = name;
      if (key != "arg") return;
      document_.each(held.get_object().value(), [&](std::string_view kind, json::Value of) {
        if (kind == "as_bool") argument.is_true = of.raw_json_token().starts_with('t');
        if (kind == "as_graph") node.has_graphs = true;
        read_value(kind, of, argument.values);
      });
    });
    node.arguments.push_back(std::move(argument));
  }

  // {"as_tensor": {"name": …}} and its kinds of lists.
  void read_values(json::Value value, std::vector<Index>& values) {
    document_.each(value.get_object().value(),
                   [&](std::string_view kind, json::Value of) { read_value(kind, of, values); });
  }

  void read_value(std::string_view kind, json::Value value, std::vector<Index>& values) {
    if (kind == "as_tensor") read_name(value, values);
    if (kind == "as_tensors") each_item(value, [&](json::Value item) { read_name(item, values); });
    if (kind != "as_optional_tensors") return;
    each_item(value, [&](json::Value item) {
      document_.each(item.get_object().value(), [&](std::string_view of_item, json::Value held) {
        if (of_item == "as_tensor") read_name(held, values);
      });
    });
  }

  void read_name(json::Value value, std::vector<Index>& values) {
    document_.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
      if (key == "name") values.push_back(graph_.value(held.get_string().value()));
    });
  }

  Index stack(std::string_view text) {
    const auto [found, is_new] = stacks_.emplace(text, static_cast<Index>(graph_.stacks.size()));
    if (is_new) graph_.stacks.push_back(text);
    return found->second;
  }

  json::Document& document_;
  Symbols& symbols_;
  Graph graph_;
  std::map<std::string_view, Index> stacks_;
};

}  // namespace

SymbolId Symbols::operator()(std::string_view name) {
  const auto found = known_.find(name);
  if (found != known_.end()) return found->second;
  return known_.emplace(name, builder_.symbol(name, 0)).first->second;
}

Count TensorMeta::numel() const {
  Count product = 1;
  for (const Count& length : lengths) product = product * length;
  return product;
}

const Argument* Node::find(std::string_view argument) const {
  const auto found =
      std::find_if(arguments.begin(), arguments.end(), [&](const Argument& a) { return a.name == argument; });
  return found == arguments.end() ? nullptr : &*found;
}

Index Graph::value(std::string_view name) {
  const auto [found, is_new] = by_name.emplace(name, static_cast<Index>(values.size()));
  if (is_new) values.emplace_back();
  return found->second;
}

TensorMeta read_tensor_meta(json::Document& document, json::Value value, Symbols& symbols) {
  TensorMeta meta;
  document.each(value.get_object().value(), [&](std::string_view key, json::Value held) {
    if (key == "dtype") meta.dtype = dtype_of(held.get_uint64().value());
    if (key == "requires_grad") meta.requires_grad = held.raw_json_token().starts_with('t');
    if (key == "storage_offset") meta.offset = length(document, held, symbols).extent;
    if (key == "strides")
      each_item(held, [&](json::Value item) { meta.strides.push_back(length(document, item, symbols).extent); });
    if (key != "sizes") return;
    each_item(held, [&](json::Value item) {
      Length next = length(document, item, symbols);
      meta.sizes.push_back(next.extent);
      meta.lengths.push_back(std::move(next.count));
    });
  });
  return meta;
}

Graph read_graph(json::Document& document, json::Value value, Symbols& symbols) {
  return GraphReader(document, symbols).read(value);
}

}  // namespace weigh::pt2
