#include "formats/onnx/runs.h"

#include <algorithm>
#include <map>
#include <utility>

#include "formats/onnx/flops.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// Of a module with more, nobody would read the list.
constexpr std::size_t kMostValues = 16;

class Teller {
 public:
  Teller(const OnnxGraphs& graphs, const std::vector<Index>& modules, Model& model)
      : graphs_(graphs), modules_(modules), model_(model), crossings_(model.modules.size()) {}

  void tell() {
    model_.runs.resize(model_.modules.size());
    is_input_.resize(graphs_.values.size());
    for (const std::uint32_t input : graphs_.inputs) is_input_[input] = true;
    find_functions();
    for (std::uint32_t i = 0; i < graphs_.nodes.size(); ++i) {
      take_inputs(i);
      add_flops(i);
    }
    for (const std::uint32_t output : graphs_.outputs) leave(output, 0);
    for (const std::uint32_t input : graphs_.inputs)
      if (graphs_.values[input].tensor == kNone) add(crossings_[0].in, input);
    for (const std::uint32_t output : graphs_.outputs) add(crossings_[0].out, output);
    for (std::size_t i = 0; i < model_.runs.size(); ++i) {
      Run& run = model_.runs[i];
      run.in = shape_of(crossings_[i].in);
      run.out = shape_of(crossings_[i].out);
      run.activation_bytes = Count::unknown();
      if (i != 0 && crossings_[i].nodes == 0) {  // what takes its weights stands elsewhere
        run.flops = Count::unknown();
        continue;
      }
      run.witness = i == 0 ? Witness::layer : Witness::parts;
      run.calls = 1;
    }
  }

 private:
  // Values that cross a module's border.
  struct Crossings {
    std::vector<std::uint32_t> in;
    std::vector<std::uint32_t> out;
    std::uint32_t nodes = 0;  // that stand in it or below
  };

  static void add(std::vector<std::uint32_t>& values, std::uint32_t value) {
    if (values.size() <= kMostValues && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(value);
  }

  Index module_of(std::uint32_t value) const {
    const std::uint32_t producer = graphs_.values[value].producer;
    return producer == kNone ? 0 : modules_[producer];
  }

  // Parents stand before their children.
  Index common_ancestor(Index a, Index b) const {
    while (a != b) (a > b ? a : b) = model_.modules[std::max(a, b)].parent;
    return a;
  }

  void take_inputs(std::uint32_t node) {
    const OnnxNode& taker = graphs_.nodes[node];
    for (std::uint32_t i = 0; i < taker.inputs; ++i) {
      const std::uint32_t value = graphs_.ports[taker.first_port + i];
      if (value == kNone || !is_data(value)) continue;
      const Index common = common_ancestor(modules_[node], module_of(value));
      for (Index at = modules_[node]; at != common; at = model_.modules[at].parent) add(crossings_[at].in, value);
      leave(value, common);
    }
  }
  void leave(std::uint32_t value, Index common) {
    for (Index at = module_of(value); at != common; at = model_.modules[at].parent) add(crossings_[at].out, value);
  }

  // Made by a node, or an input of the graph that is no tensor of the file.
  bool is_data(std::uint32_t value) const {
    const OnnxValue& of = graphs_.values[value];
    return of.tensor == kNone && (of.producer != kNone || is_input_[value]);
  }

  // A function may take any number of operations; where none of its nodes takes any, a call takes none.
  void find_functions() {
    for (const OnnxGraph& graph : graphs_.graphs)
      if (graph.function) functions_.emplace(*graph.function, false);
    if (functions_.empty()) return;
    for (const OnnxNode& node : graphs_.nodes) {
      std::uint32_t graph = node.graph;
      while (graphs_.graphs[graph].outer != kNone) graph = graphs_.graphs[graph].outer;
      const auto& function = graphs_.graphs[graph].function;
      if (function && !(onnx_flops(graphs_, node) == Count(0))) functions_[*function] = true;
    }
  }
  bool is_idle_function(const OnnxNode& node) const {
    const auto found = functions_.find({node.domain, node.operation});
    return found != functions_.end() && !found->second;
  }

  // Of a branch that may not run, or a body that runs nobody knows how often, only that it takes some.
  void add_flops(std::uint32_t index) {
    const OnnxNode& node = graphs_.nodes[index];
    for (Index at = modules_[index]; at != kNone; at = model_.modules[at].parent) ++crossings_[at].nodes;
    Count flops = onnx_flops(graphs_, node);
    if (flops == Count(0) || is_idle_function(node)) return;
    if (node.graph != 0) flops = Count::unknown();
    for (Index at = modules_[index]; at != kNone; at = model_.modules[at].parent) {
      Count& sum = model_.runs[at].flops;
      try {
        sum += flops;
      } catch (const Error&) {
        sum = Count::unknown();
      }
    }
  }

  IOShape shape_of(const std::vector<std::uint32_t>& values) const {
    if (values.size() > kMostValues || values.empty()) return {};
    const bool is_told = std::any_of(values.begin(), values.end(),
                                     [&](std::uint32_t value) { return graphs_.values[value].shape != kNone; });
    if (!is_told) return {};
    std::vector<IOShape> shapes;
    for (const std::uint32_t value : values) {
      const std::uint32_t shape = graphs_.values[value].shape;
      shapes.push_back(shape == kNone ? IOShape() : IOShape::tensor(graphs_.shapes[shape]));
    }
    return shapes.size() == 1 ? std::move(shapes[0]) : IOShape::list(std::move(shapes));
  }

  const OnnxGraphs& graphs_;
  const std::vector<Index>& modules_;
  Model& model_;
  std::vector<Crossings> crossings_;
  std::vector<bool> is_input_;                                         // by value
  std::map<std::pair<std::uint32_t, std::uint32_t>, bool> functions_;  // whether they compute
};

}  // namespace

void tell_onnx_runs(const OnnxGraphs& graphs, const std::vector<Index>& modules, Model& model) {
  Teller(graphs, modules, model).tell();
}

}  // namespace weigh
