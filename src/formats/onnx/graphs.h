// The graphs of an ONNX file as flat arrays: the main one, those of functions, and those in nodes (branches of an If,
// bodies of a Loop). What is read is what tells of tensors; weights and documentation are passed over.
//
//   GraphProto      1 node   2 name   5 initializer   15 sparse_initializer   11 input   12 output   13 value_info
//                   16 metadata_props
//   NodeProto       1 input   2 output   3 name   4 op_type   5 attribute   7 domain   9 metadata_props
//   AttributeProto  1 name   3 i   4 s   5 t (tensor)   6 g (graph)   11 graphs   22 sparse_tensor
//   FunctionProto   1 name   7 node   10 domain   12 value_info
//   ValueInfoProto  1 name   2 type: 1 tensor_type or 8 sparse_tensor_type: 2 shape: 1 dim: 1 dim_value   2 dim_param
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/flat_index.h"
#include "formats/onnx/tensor.h"
#include "wire/protobuf.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

// Names, each once; 0 is "".
class OnnxNames {
 public:
  explicit OnnxNames(Model& model) : model_(model) { id(""); }
  std::uint32_t id(std::string_view text);
  std::string_view operator[](std::uint32_t id) const { return texts_[id]; }

 private:
  Model& model_;  // keeps them
  std::vector<std::string_view> texts_;
  FlatIndex index_;
};

struct OnnxGraph {
  std::uint32_t outer = kNone;                                      // the graph of the node that holds it
  std::optional<std::pair<std::uint32_t, std::uint32_t>> function;  // domain and name, where it is a function's
  std::uint32_t depth = 0;
  std::string prefix;  // module of what it holds: "encoder.If_0.then_branch"
};

struct OnnxNode {
  std::uint32_t graph = 0;
  std::uint32_t operation = 0;   // a name
  std::uint32_t domain = 0;      // a name
  std::uint32_t scope = 0;       // path of its module, a name
  std::uint32_t first_port = 0;  // of Graphs::ports: inputs, then outputs
  std::uint32_t inputs = 0;
  std::uint32_t outputs = 0;
  // Attributes; 0 where there is none.
  std::int64_t rows = 0;     // K
  std::int64_t columns = 0;  // N
  std::int64_t bits = 0;
  std::int64_t chosen = 0;  // k: experts that a token uses
  bool transposed_a = false;
  bool transposed_b = false;
};

// A name in a graph: what a node makes, a tensor, or what comes from outside.
struct OnnxValue {
  std::uint32_t graph = 0;
  std::uint32_t name = 0;
  std::uint32_t tensor = kNone;    // of Graphs::tensors
  std::uint32_t shape = kNone;     // of Graphs::shapes
  std::uint32_t producer = kNone;  // of Graphs::nodes
};

struct OnnxHeldTensor {
  OnnxTensor tensor;
  std::uint32_t graph = 0;
  std::uint32_t value = kNone;
  bool is_constant = false;  // of a Constant node
};

struct OnnxGraphs {
  explicit OnnxGraphs(Model& model) : names(model) {}

  OnnxNames names;
  std::vector<OnnxGraph> graphs;  // [0] is the main one
  std::vector<OnnxNode> nodes;
  std::vector<std::uint32_t> ports;  // values; kNone for one that is left out or comes from nowhere
  std::vector<OnnxHeldTensor> tensors;
  std::vector<std::vector<Extent>> shapes;
  std::vector<std::uint32_t> inputs;  // of the main graph, values
  std::vector<std::uint32_t> outputs;
  std::map<std::string, std::string, std::less<>> types;    // classes by path of module
  std::map<std::string, Role, std::less<>> recorded_roles;  // by name of tensor; empty where the exporter tells none

  // The value with this name in the graph or in one around it; kNone where there is none.
  std::uint32_t find(std::uint32_t graph, std::uint32_t name) const;
  std::uint32_t value(std::uint32_t graph, std::uint32_t name);  // made where it is missing
  std::vector<OnnxValue> values;

 private:
  std::uint32_t find_here(std::uint32_t graph, std::uint32_t name) const;
  FlatIndex index_;
};

// Reads the main graph, the functions, and every graph in them. Throws Error.
class OnnxGraphReader {
 public:
  // All must outlive it.
  OnnxGraphReader(ProtoBytes& bytes, const Limits& limits, Model& model, OnnxGraphs& graphs)
      : bytes_(bytes), limits_(limits), model_(model), graphs_(graphs) {}

  // Where the message lies.
  void add_main(std::uint64_t offset, std::uint64_t length);
  void add_function(std::uint64_t offset, std::uint64_t length);
  // Reads what was added, and what is found in it.
  void read();

 private:
  struct Pending {
    std::uint64_t offset = 0;
    std::uint64_t length = 0;
    std::uint32_t graph = 0;
  };
  struct Attributes;
  struct Scope;

  void read_graph(const Pending& pending);
  void read_function(const Pending& pending);
  void read_node(ProtoMessage message, std::uint32_t graph);
  void read_attribute(ProtoMessage message, Attributes& attributes);
  void read_value_info(ProtoMessage message, std::uint32_t graph, std::vector<std::uint32_t>* list);
  std::uint32_t read_shape(ProtoMessage type);
  Extent read_extent(ProtoMessage dimension);
  std::pair<std::string, std::string> read_entry(ProtoMessage entry);
  void read_signature(std::string_view text);
  void add_tensor(OnnxTensor tensor, std::uint32_t graph, bool is_constant);
  void add_constant(OnnxTensor tensor, std::uint32_t graph, std::uint32_t output);
  void add_inner(const Attributes& attributes, const OnnxNode& node, std::string_view name);
  void name_types(const Scope& scope);
  std::uint32_t scope_of(const Scope& scope, std::string_view name, std::uint32_t graph);
  std::string name_of(const ProtoMessage& field);
  void keep_shape(const OnnxNode& node);
  void spend(std::uint64_t bytes, std::uint64_t offset);

  ProtoBytes& bytes_;
  const Limits& limits_;
  Model& model_;
  OnnxGraphs& graphs_;
  std::vector<Pending> pending_;
  std::map<std::string, SymbolId, std::less<>> symbols_;
  std::uint64_t spent_ = 0;
};

}  // namespace weigh
