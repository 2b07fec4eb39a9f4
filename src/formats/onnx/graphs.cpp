#include "formats/onnx/graphs.h"

#include <algorithm>

#include <fmt/format.h>

#include "bytes/hash.h"
#include "formats/onnx/scopes.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::string_view kSignature = "pkg.torch.export.ExportedProgram.graph_signature";
constexpr std::string_view kScopes = "pkg.torch.onnx.name_scopes";
constexpr std::string_view kClasses = "pkg.torch.onnx.class_hierarchy";

std::uint64_t hash_of_value(std::uint32_t graph, std::uint32_t name) { return mix(mix(hash_seed(), graph), name); }

// "words + 16" is an expression: in a product it needs brackets.
std::string symbol_text(std::string name) {
  const bool is_word = name.find_first_of(" +-*/") == std::string::npos;
  return is_word || (name.starts_with('(') && name.ends_with(')')) ? name : "(" + name + ")";
}

}  // namespace

std::uint32_t OnnxNames::id(std::string_view text) {
  const std::uint64_t hash = hash_of(text);
  const std::uint32_t found = index_.find(hash, [&](std::uint32_t i) { return texts_[i] == text; });
  if (found != FlatIndex::kNone) return found;
  const auto id = static_cast<std::uint32_t>(texts_.size());
  texts_.push_back(model_.keep(text));
  index_.insert(id, hash);
  return id;
}

std::uint32_t OnnxGraphs::find_here(std::uint32_t graph, std::uint32_t name) const {
  return index_.find(hash_of_value(graph, name),
                     [&](std::uint32_t i) { return values[i].graph == graph && values[i].name == name; });
}

std::uint32_t OnnxGraphs::find(std::uint32_t graph, std::uint32_t name) const {
  for (; graph != kNone; graph = graphs[graph].outer)
    if (const std::uint32_t found = find_here(graph, name); found != FlatIndex::kNone) return found;
  return kNone;
}

std::uint32_t OnnxGraphs::value(std::uint32_t graph, std::uint32_t name) {
  if (const std::uint32_t found = find_here(graph, name); found != FlatIndex::kNone) return found;
  const auto index = static_cast<std::uint32_t>(values.size());
  values.push_back({graph, name});
  index_.insert(index, hash_of_value(graph, name));
  return index;
}

// What a node's attributes tell.
struct OnnxGraphReader::Attributes {
  struct Inner {
    std::string name;
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
  };
  std::vector<Inner> graphs;
  std::optional<OnnxTensor> value;
  std::map<std::string, std::int64_t, std::less<>> numbers;

  std::int64_t number(std::string_view name) const {
    const auto found = numbers.find(name);
    return found == numbers.end() ? 0 : found->second;
  }
};

// What a node's metadata tell of its place.
struct OnnxGraphReader::Scope {
  std::vector<std::string> paths;  // the operator last
  std::vector<std::string> classes;
};

void OnnxGraphReader::add_main(std::uint64_t offset, std::uint64_t length) {
  pending_.push_back({offset, length, 0});
  graphs_.graphs.resize(1);
}

void OnnxGraphReader::add_function(std::uint64_t offset, std::uint64_t length) {
  spend(sizeof(OnnxGraph) + sizeof(Pending), offset);
  OnnxGraph graph;
  graph.function.emplace(0, 0);
  pending_.push_back({offset, length, static_cast<std::uint32_t>(graphs_.graphs.size())});
  graphs_.graphs.push_back(std::move(graph));
}

void OnnxGraphReader::read() {
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const Pending pending = pending_[i];  // others are added
    graphs_.graphs[pending.graph].function ? read_function(pending) : read_graph(pending);
  }
  for (const OnnxNode& node : graphs_.nodes) {
    for (std::uint32_t i = node.first_port; i < node.first_port + node.inputs; ++i) {
      const std::uint32_t name = graphs_.ports[i];
      graphs_.ports[i] = name == 0 ? kNone : graphs_.find(node.graph, name);
    }
    keep_shape(node);
  }
}

// Quantised weights are turned into numbers before they are used: without this, files of them would tell no FLOPs. No
// other shape is inferred.
void OnnxGraphReader::keep_shape(const OnnxNode& node) {
  const std::string_view operation = graphs_.names[node.operation];
  if ((operation != "DequantizeLinear" && operation != "Identity") || node.inputs == 0 || node.outputs == 0) return;
  const std::uint32_t from = graphs_.ports[node.first_port];
  const std::uint32_t to = graphs_.ports[node.first_port + node.inputs];
  if (from != kNone && to != kNone && graphs_.values[to].shape == kNone)
    graphs_.values[to].shape = graphs_.values[from].shape;
}

void OnnxGraphReader::spend(std::uint64_t bytes, std::uint64_t offset) {
  spent_ += bytes;
  if (spent_ <= limits_.onnx_graph_bytes) return;
  throw Error(ErrorKind::limit, bytes_.label(),
              fmt::format("the graph without its weights has more than {} bytes (limit onnx_graph_bytes)",
                          limits_.onnx_graph_bytes),
              offset);
}

std::string OnnxGraphReader::name_of(const ProtoMessage& field) {
  spend(field.length() + sizeof(OnnxValue), field.begin());
  return field.text(limits_.name_bytes, "name_bytes");
}

std::pair<std::string, std::string> OnnxGraphReader::read_entry(ProtoMessage entry) {
  std::pair<std::string, std::string> both;
  while (entry.next()) {
    if (entry.number() == 1) both.first = name_of(entry);
    if (entry.number() != 2) continue;
    // Others are as long as the source of a model.
    const bool is_wanted = both.first == kScopes || both.first == kClasses || both.first == kSignature;
    if (!is_wanted) continue;
    spend(entry.length(), entry.begin());
    both.second = entry.text(limits_.onnx_graph_bytes, "onnx_graph_bytes");
  }
  return both;
}

void OnnxGraphReader::read_graph(const Pending& pending) {
  ProtoMessage message(bytes_, pending.offset, pending.length, "GraphProto");
  const bool is_main = pending.graph == 0;
  while (message.next()) {
    switch (message.number()) {
      case 1: read_node(message.message("NodeProto"), pending.graph); break;
      case 5: add_tensor(read_onnx_tensor(message.message("TensorProto"), limits_), pending.graph, false); break;
      case 11:
        read_value_info(message.message("ValueInfoProto"), pending.graph, is_main ? &graphs_.inputs : nullptr);
        break;
      case 12:
        read_value_info(message.message("ValueInfoProto"), pending.graph, is_main ? &graphs_.outputs : nullptr);
        break;
      case 13: read_value_info(message.message("ValueInfoProto"), pending.graph, nullptr); break;
      case 15:
        add_tensor(read_onnx_sparse_tensor(message.message("SparseTensorProto"), limits_), pending.graph, false);
        break;
      case 16: {
        const auto [key, value] = read_entry(message.message("StringStringEntryProto"));
        if (is_main && key == kSignature) read_signature(value);
        break;
      }
      default: break;
    }
  }
}

// Its name first: what it holds stands below it.
void OnnxGraphReader::read_function(const Pending& pending) {
  std::string name;
  std::string domain;
  ProtoMessage head(bytes_, pending.offset, pending.length, "FunctionProto");
  while (head.next()) {
    if (head.number() == 1) name = name_of(head);
    if (head.number() == 10) domain = name_of(head);
  }
  graphs_.graphs[pending.graph].function.emplace(graphs_.names.id(domain), graphs_.names.id(name));
  std::replace(name.begin(), name.end(), '.', '_');
  graphs_.graphs[pending.graph].prefix = name.empty() ? "function" : name;
  ProtoMessage message(bytes_, pending.offset, pending.length, "FunctionProto");
  while (message.next()) {
    if (message.number() == 7) read_node(message.message("NodeProto"), pending.graph);
    if (message.number() == 12) read_value_info(message.message("ValueInfoProto"), pending.graph, nullptr);
  }
}

void OnnxGraphReader::read_node(ProtoMessage message, std::uint32_t graph) {
  if (graphs_.nodes.size() >= limits_.onnx_nodes) {
    throw Error(ErrorKind::limit, bytes_.label(),
                fmt::format("the graph has more than {} nodes (limit onnx_nodes)", limits_.onnx_nodes),
                message.begin());
  }
  spend(sizeof(OnnxNode), message.begin());
  OnnxNode node;
  node.graph = graph;
  Attributes attributes;
  Scope scope;
  std::string name;
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;
  while (message.next()) {
    switch (message.number()) {
      case 1: inputs.push_back(graphs_.names.id(name_of(message))); break;
      case 2: outputs.push_back(graphs_.names.id(name_of(message))); break;
      case 3: name = name_of(message); break;
      case 4: node.operation = graphs_.names.id(name_of(message)); break;
      case 5: read_attribute(message.message("AttributeProto"), attributes); break;
      case 7: node.domain = graphs_.names.id(name_of(message)); break;
      case 9: {
        const auto [key, value] = read_entry(message.message("StringStringEntryProto"));
        if (key == kScopes) scope.paths = python_list(value);
        if (key == kClasses) scope.classes = python_list(value);
        break;
      }
      default: break;
    }
  }
  node.rows = attributes.number("K");
  node.columns = attributes.number("N");
  node.bits = attributes.number("bits");
  if (node.bits == 0) node.bits = attributes.number("expert_weight_bits");
  node.chosen = attributes.number("k");
  node.transposed_a = attributes.number("transA") != 0;
  node.transposed_b = attributes.number("transB") != 0;
  name_types(scope);
  node.scope = scope_of(scope, name, graph);
  if (attributes.value && graphs_.names[node.operation] == "Constant" && !outputs.empty())
    return add_constant(std::move(*attributes.value), graph, outputs[0]);
  node.first_port = static_cast<std::uint32_t>(graphs_.ports.size());
  node.inputs = static_cast<std::uint32_t>(inputs.size());
  node.outputs = static_cast<std::uint32_t>(outputs.size());
  const auto index = static_cast<std::uint32_t>(graphs_.nodes.size());
  for (const std::uint32_t input : inputs) graphs_.ports.push_back(input);  // names, until all values are known
  for (const std::uint32_t output : outputs) {
    const std::uint32_t value = output == 0 ? kNone : graphs_.value(graph, output);
    graphs_.ports.push_back(value);
    if (value != kNone) graphs_.values[value].producer = index;
  }
  graphs_.nodes.push_back(node);
  add_inner(attributes, node, name);
}

void OnnxGraphReader::read_attribute(ProtoMessage message, Attributes& attributes) {
  std::string name;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> graphs;
  std::optional<std::int64_t> number;
  while (message.next()) {
    switch (message.number()) {
      case 1: name = name_of(message); break;
      case 3: number = message.integer(); break;
      case 5: attributes.value = read_onnx_tensor(message.message("TensorProto"), limits_); break;
      case 6:
      case 11:
        message.message("GraphProto");  // of this wire type
        graphs.emplace_back(message.offset(), message.length());
        break;
      case 22: attributes.value = read_onnx_sparse_tensor(message.message("SparseTensorProto"), limits_); break;
      default: break;
    }
  }
  for (const auto& [offset, length] : graphs) attributes.graphs.push_back({name, offset, length});
  if (number) attributes.numbers[name] = *number;
}

// Graphs of a node are read when their turn comes.
void OnnxGraphReader::add_inner(const Attributes& attributes, const OnnxNode& node, std::string_view name) {
  for (const Attributes::Inner& inner : attributes.graphs) {
    OnnxGraph graph;
    graph.outer = node.graph;
    graph.depth = graphs_.graphs[node.graph].depth + 1;
    if (graph.depth > limits_.onnx_depth) {
      throw Error(ErrorKind::limit, bytes_.label(),
                  fmt::format("graphs lie more than {} deep in each other (limit onnx_depth)", limits_.onnx_depth),
                  inner.offset);
    }
    const std::string_view own = name.substr(name.rfind('/') + 1);  // all of it where there is none
    std::string part(own.empty() ? graphs_.names[node.operation] : own);
    part.append(".").append(inner.name);
    const std::string_view scope = graphs_.names[node.scope];
    graph.prefix = scope.empty() ? part : std::string(scope) + "." + part;
    if (graph.prefix.size() > limits_.name_bytes) {
      throw Error(ErrorKind::limit, bytes_.label(),
                  fmt::format("the path of a graph has {} bytes, more than {} (limit name_bytes)", graph.prefix.size(),
                              limits_.name_bytes),
                  inner.offset);
    }
    spend(2 * graph.prefix.size() + sizeof(OnnxGraph) + sizeof(Pending), inner.offset);
    graphs_.types.emplace(graph.prefix.substr(0, graph.prefix.size() - inner.name.size() - 1),
                          graphs_.names[node.operation]);
    pending_.push_back({inner.offset, inner.length, static_cast<std::uint32_t>(graphs_.graphs.size())});
    graphs_.graphs.push_back(std::move(graph));
  }
}

// A second call of a module is called "att.q@1".
void OnnxGraphReader::name_types(const Scope& scope) {
  if (scope.classes.size() != scope.paths.size()) return;
  for (std::size_t i = 0; i + 1 < scope.paths.size(); ++i) {
    const std::string_view type = scope.classes[i];
    graphs_.types.emplace(scope.paths[i].substr(0, scope.paths[i].find('@')), type.substr(type.rfind('.') + 1));
  }
}

std::uint32_t OnnxGraphReader::scope_of(const Scope& scope, std::string_view name, std::uint32_t graph) {
  if (scope.paths.size() > 1) {
    const std::string& path = scope.paths[scope.paths.size() - 2];
    return graphs_.names.id(std::string_view(path).substr(0, path.find('@')));
  }
  const std::string& prefix = graphs_.graphs[graph].prefix;
  const std::string own = onnx_scope_of_node(name);
  if (prefix.empty() || name.starts_with('/')) return graphs_.names.id(own);
  spend(prefix.size(), bytes_.begin());
  return graphs_.names.id(own.empty() ? prefix : prefix + "." + own);
}

void OnnxGraphReader::add_tensor(OnnxTensor tensor, std::uint32_t graph, bool is_constant) {
  if (graphs_.tensors.size() >= limits_.tensors) {
    throw Error(ErrorKind::limit, bytes_.label(),
                fmt::format("holds more than {} tensors (limit tensors)", limits_.tensors));
  }
  std::uint64_t spent = sizeof(OnnxHeldTensor) + tensor.name.size();
  for (const OnnxExternal& external : tensor.externals) spent += sizeof(OnnxExternal) + external.location.size();
  spend(spent, bytes_.begin());
  const std::uint32_t index = graphs_.value(graph, graphs_.names.id(tensor.name));
  OnnxValue& value = graphs_.values[index];
  if (value.tensor != kNone) {
    throw Error(ErrorKind::corrupt, bytes_.label(),
                fmt::format("tensor '{}' stands twice in one graph; which one counts is anyone's guess",
                            tensor.name.substr(0, 200)));
  }
  value.tensor = static_cast<std::uint32_t>(graphs_.tensors.size());
  value.shape = static_cast<std::uint32_t>(graphs_.shapes.size());
  graphs_.shapes.push_back(tensor.shape);
  graphs_.tensors.push_back({std::move(tensor), graph, index, is_constant});
}

// Its own name is mostly empty: it is called as what the node makes.
void OnnxGraphReader::add_constant(OnnxTensor tensor, std::uint32_t graph, std::uint32_t output) {
  tensor.name = graphs_.names[output];
  add_tensor(std::move(tensor), graph, true);
}

void OnnxGraphReader::read_value_info(ProtoMessage message, std::uint32_t graph, std::vector<std::uint32_t>* list) {
  std::uint32_t shape = kNone;
  std::string name;
  while (message.next()) {
    if (message.number() == 1) name = name_of(message);
    if (message.number() == 2) shape = read_shape(message.message("TypeProto"));
  }
  const std::uint32_t value = graphs_.value(graph, graphs_.names.id(name));
  if (list != nullptr) list->push_back(value);
  if (graphs_.values[value].shape == kNone) graphs_.values[value].shape = shape;
}

std::uint32_t OnnxGraphReader::read_shape(ProtoMessage type) {
  std::optional<std::vector<Extent>> extents;
  while (type.next()) {
    if (type.number() != 1 && type.number() != 8) continue;
    for (ProtoMessage tensor = type.message("TypeProto.Tensor"); tensor.next();) {
      if (tensor.number() != 2) continue;
      extents.emplace();
      for (ProtoMessage shape = tensor.message("TensorShapeProto"); shape.next();) {
        if (shape.number() != 1) continue;
        extents->push_back(read_extent(shape.message("TensorShapeProto.Dimension")));
        spend(sizeof(Extent), shape.begin());
      }
    }
  }
  if (!extents || extents->size() > limits_.dimensions) return kNone;
  graphs_.shapes.push_back(std::move(*extents));
  return static_cast<std::uint32_t>(graphs_.shapes.size() - 1);
}

// Some tools write 0 or -1 for what they do not know.
Extent OnnxGraphReader::read_extent(ProtoMessage dimension) {
  Extent extent = Extent::unknown(kNameless);
  while (dimension.next()) {
    if (dimension.number() == 1 && dimension.integer() > 0)
      extent = Extent(static_cast<std::uint64_t>(dimension.integer()));
    if (dimension.number() != 2) continue;
    const std::string name = name_of(dimension);
    if (name.empty()) continue;
    const auto [symbol, is_new] = symbols_.try_emplace(name, static_cast<SymbolId>(model_.symbols.size()));
    if (is_new) model_.symbols.push_back({model_.keep(symbol_text(name)), 0});
    extent = Extent::unknown(symbol->second);
  }
  return extent;
}

// torch.export's: "p_conv_weight: PARAMETER target='conv.weight'", a line for each.
void OnnxGraphReader::read_signature(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(line.size() + 1, text.size()));
    constexpr std::string_view kTarget = " target='";
    const std::size_t target = line.find(kTarget);
    if (target == std::string_view::npos) continue;
    std::string_view name = line.substr(target + kTarget.size());
    name = name.substr(0, name.find('\''));
    const bool is_parameter = line.substr(0, target).ends_with(": PARAMETER");
    graphs_.recorded_roles.emplace(name, is_parameter ? Role::parameter : Role::buffer);
  }
}

}  // namespace weigh
