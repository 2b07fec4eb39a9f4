// The graph of an exported program: its values with their shapes, and the nodes that make them.
//
//   {"inputs": […], "outputs": […],
//    "tensor_values": {NAME: {"dtype": 7, "sizes": [{"as_int": 8}, {"as_expr": {"expr_str": …}}], "strides": …, …}, …},
//    "nodes": [{"target": "torch.ops.aten.linear.default",
//               "inputs": [{"name": "input", "arg": {"as_tensor": {"name": NAME}}}, …],
//               "outputs": [{"as_tensor": {"name": NAME}}, …],
//               "metadata": {"nn_module_stack":
//               "L__self__,,models.Net;L__self__fc@1,fc,torch.nn.modules.linear.Linear"}}]}
//
// The stack of a node is the modules that it ran in, outermost first: the call's key, the module's path, its class.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "model/builder.h"
#include "wire/json.h"

#include "weigh/count.h"
#include "weigh/dtype.h"
#include "weigh/model.h"

namespace weigh::pt2 {

struct TensorMeta {
  DType dtype = DType::unknown;
  bool requires_grad = false;
  std::vector<Extent> sizes;   // as they are shown
  std::vector<Count> lengths;  // the same, to reckon with: 2·s77 is a product here and a name there
  std::vector<Extent> strides;
  Extent offset;
  friend bool operator==(const TensorMeta&, const TensorMeta&) = default;

  Count numel() const;
};

struct Value {
  TensorMeta meta;
  bool is_described = false;  // whether the graph tells its shape
  bool is_given = false;      // a parameter, buffer or constant
  Index producer = kNone;     // the node that makes it; kNone for inputs
};

struct Argument {
  std::string_view name;
  std::vector<Index> values;  // tensors
  bool is_true = false;
};

struct Node {
  std::string_view target;
  std::vector<Argument> arguments;
  std::vector<Index> outputs;
  Index stack = kNone;      // of Graph::stacks
  bool has_graphs = false;  // among its arguments: the branches of a condition

  const Argument* find(std::string_view argument) const;
};

// Texts are views into the document.
struct Graph {
  std::vector<Value> values;
  std::map<std::string_view, Index> by_name;
  std::vector<Node> nodes;
  std::vector<std::string_view> stacks;  // each once
  std::vector<Index> inputs;
  std::vector<Index> outputs;

  Index value(std::string_view name);  // made where it is missing
};

// Names of sizes as symbols of the model's root, each once.
class Symbols {
 public:
  explicit Symbols(ModelBuilder& builder) : builder_(builder) {}
  SymbolId operator()(std::string_view name);

 private:
  ModelBuilder& builder_;
  std::map<std::string, SymbolId, std::less<>> known_;
};

TensorMeta read_tensor_meta(json::Document& document, json::Value value, Symbols& symbols);
Graph read_graph(json::Document& document, json::Value value, Symbols& symbols);

}  // namespace weigh::pt2
