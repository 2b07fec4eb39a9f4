#include "formats/pt2/runs.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "formats/pt2/flops.h"

#include "weigh/error.h"

namespace weigh::pt2 {
namespace {

constexpr std::string_view kNoModule = "_empty_nn_module_stack_from_metadata_hook";

// One step of a stack.
struct Step {
  std::string_view key;   // of the call: "L__self__fc@1" of the second
  std::string_view path;  // "fc"
  std::string_view type;  // "torch.nn.modules.linear.Linear"
};

template <class Visit>
void each_step(std::string_view stack, Visit&& visit) {
  while (!stack.empty()) {
    const std::string_view item = stack.substr(0, stack.find(';'));
    stack.remove_prefix(std::min(item.size() + 1, stack.size()));
    const std::size_t first = item.find(',');
    const std::size_t last = item.rfind(',');
    if (first == item.npos || first == last) continue;
    const Step step{item.substr(0, first), item.substr(first + 1, last - first - 1), item.substr(last + 1)};
    if (step.path != kNoModule) visit(step);
  }
}

struct Call {
  Index module = 0;
  bool is_first = false;  // of the module
  std::vector<Index> in;
  std::vector<Index> out;
};

class RunTable {
 public:
  RunTable(const Graph& graph, ModelBuilder& builder, const Limits& limits, Model& model)
      : graph_(graph), builder_(builder), limits_(limits), model_(model) {}

  void fill() {
    for (const std::string_view stack : graph_.stacks) stacks_.push_back(calls_of(stack));
    model_.runs.resize(model_.modules.size());
    for (Run& run : model_.runs) run.activation_bytes = Count::unknown();
    for (const Node& node : graph_.nodes) {
      add_flops(node);
      for (const Argument& argument : node.arguments)
        for (const Index value : argument.values) pass(value, calls(node.stack));
    }
    for (const Index value : graph_.outputs) pass(value, {});
    for (const Call& call : calls_) add_call(call);
    add_root();
    add_parts();
  }

 private:
  using Calls = std::vector<Index>;

  Calls calls_of(std::string_view stack) {
    Calls calls;
    each_step(stack, [&](const Step& step) {
      if (calls.size() >= limits_.module_depth) {
        throw Error(ErrorKind::limit, model_.source,
                    fmt::format("a node ran in more than {} modules (limit module_depth)", limits_.module_depth));
      }
      const auto [known, is_new] = numbers_.emplace(step.key, static_cast<Index>(calls_.size()));
      if (is_new) calls_.push_back(first_call_or_another(step));
      calls.push_back(known->second);
    });
    return calls;
  }

  Call first_call_or_another(const Step& step) {
    const Index module = step.path.empty() ? 0 : builder_.module(step.path);
    const bool is_first = called_.insert(module).second;
    if (is_first) model_.modules[module].type = model_.keep(step.type.substr(step.type.rfind('.') + 1));
    return {module, is_first, {}, {}};
  }

  const Calls& calls(Index stack) const {
    static const Calls kNone;
    return stack == weigh::kNone ? kNone : stacks_[stack];
  }

  void add_flops(const Node& node) {
    const Count flops = flops_of(node, graph_);
    if (flops.is_exact() && flops.known() == 0) return;
    std::set<Index> modules = {0};
    for (const Index call : calls(node.stack)) modules.insert(calls_[call].module);
    for (const Index module : modules) model_.runs[module].flops += flops;
  }

  // A value is taken by a node in these calls, none for the program's own results.
  void pass(Index value, const Calls& takers) {
    const Value& passed = graph_.values[value];
    if (passed.is_given) return;
    const Calls& makers = calls(passed.producer == kNone ? kNone : graph_.nodes[passed.producer].stack);
    const auto is_in = [](Index call, const Calls& calls) {
      return std::find(calls.begin(), calls.end(), call) != calls.end();
    };
    for (const Index call : takers)
      if (!is_in(call, makers) && ins_.emplace(call, value).second) calls_[call].in.push_back(value);
    for (const Index call : makers)
      if (!is_in(call, takers) && outs_.emplace(call, value).second) calls_[call].out.push_back(value);
  }

  void add_call(const Call& call) {
    Run& run = model_.runs[call.module];
    run.witness = Witness::layer;
    ++run.calls;
    if (!call.is_first) return;
    run.in = shapes(call.in);
    run.out = shapes(call.out);
  }

  void add_root() {
    Run& root = model_.runs[0];
    root.witness = Witness::layer;
    root.calls = 1;
    std::vector<Index> inputs;
    std::copy_if(graph_.inputs.begin(), graph_.inputs.end(), std::back_inserter(inputs),
                 [this](Index value) { return !graph_.values[value].is_given; });
    root.in = shapes(inputs);
    root.out = shapes(graph_.outputs);
  }

  // A list of modules is not called itself: it is what its children are.
  void add_parts() {
    for (Index module = static_cast<Index>(model_.modules.size()) - 1; module > 0; --module) {
      const Run& run = model_.runs[module];
      Run& parent = model_.runs[model_.modules[module].parent];
      if (run.witness == Witness::none || parent.witness == Witness::layer) continue;
      parent.witness = Witness::parts;
      parent.flops += run.flops;
    }
  }

  IOShape shapes(const std::vector<Index>& values) const {
    std::vector<IOShape> all;
    for (const Index value : values) {
      const Value& passed = graph_.values[value];
      all.push_back(passed.is_described ? IOShape::tensor(passed.meta.sizes) : IOShape{});
    }
    return all.size() == 1 ? all[0] : IOShape::list(std::move(all));
  }

  const Graph& graph_;
  ModelBuilder& builder_;
  const Limits& limits_;
  Model& model_;
  std::vector<Calls> stacks_;  // of Graph::stacks
  std::vector<Call> calls_;
  std::map<std::string_view, Index> numbers_;  // of calls, by key
  std::set<Index> called_;
  std::set<std::pair<Index, Index>> ins_;  // which calls take which values from outside
  std::set<std::pair<Index, Index>> outs_;
};

}  // namespace

void add_runs(const Graph& graph, ModelBuilder& builder, const Limits& limits, Model& model) {
  if (!graph.nodes.empty()) RunTable(graph, builder, limits, model).fill();
}

}  // namespace weigh::pt2
