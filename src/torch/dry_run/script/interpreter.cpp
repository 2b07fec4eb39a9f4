#include "dry_run/script/interpreter.h"

#include <torch/csrc/jit/ir/constants.h>
#include <torch/csrc/jit/runtime/operator.h>

#include "dry_run/script/construct.h"

namespace weigh::dry_run {
namespace {

namespace jit = torch::jit;
namespace prim = c10::prim;
using c10::IValue;

bool is_module(const IValue& value) { return value.isObject() && value.toObjectRef().type()->is_module(); }

void set_outputs(const jit::Node& node, std::vector<IValue> results,
                 std::unordered_map<const jit::Value*, IValue>& values) {
  for (std::size_t i = 0; i < node.outputs().size(); ++i) values[node.output(i)] = std::move(results[i]);
}

}  // namespace

IValue Interpreter::call(const jit::Module& module, const std::string& method, std::vector<IValue> inputs) {
  return call_method(module._ivalue(), method, std::move(inputs));
}

IValue Interpreter::call_method(const IValue& self, const std::string& name, std::vector<IValue> inputs) {
  jit::Function& function = self.toObjectRef().type()->getMethod(name);
  const bool is_layer = is_module(self) && (name == "forward" || name.rfind("forward__", 0) == 0);  // an overload
  Stack arguments = {self};
  arguments.insert(arguments.end(), inputs.begin(), inputs.end());
  function.getSchema().checkAndNormalizeInputs(arguments, {});  // left out ones get their defaults
  if (!is_layer) return call(function, std::move(arguments));
  const jit::Module module(self.toObject());
  while (inputs.size() > 1 && inputs.back().isNone()) inputs.pop_back();  // left out in Python
  watcher_.enter(module, inputs);
  IValue output = call(function, std::move(arguments));
  watcher_.leave(module, output);
  return output;
}

IValue Interpreter::call(jit::Function& function, Stack arguments) {
  jit::GraphFunction* code = jit::tryToGraphFunction(function);
  if (code == nullptr) {
    function.run(arguments);
    return std::move(arguments.back());
  }
  code->ensure_defined();  // one that was defined from source is compiled when it is first wanted
  const std::shared_ptr<jit::Graph> graph = code->graph();
  Values values;
  for (std::size_t i = 0; i < arguments.size(); ++i) values[graph->inputs()[i]] = std::move(arguments[i]);
  return run(*graph->block(), values).at(0);
}

std::vector<IValue> Interpreter::run(const jit::Block& block, Values& values) {
  for (jit::Node* node : const_cast<jit::Block&>(block).nodes()) run(*node, values);  // NOLINT: nothing is changed
  std::vector<IValue> results;
  for (const jit::Value* output : block.outputs()) results.push_back(values.at(output));
  return results;
}

void Interpreter::run(jit::Node& node, Values& values) {
  if (node.kind() == prim::Constant) {
    // One without a value is a function: its call knows which.
    if (const auto constant = jit::toIValue(node.output())) values[node.output()] = *constant;
    return;
  }
  if (run_control_flow(node, values)) return;
  Stack stack;
  for (const jit::Value* input : node.inputs()) {
    const auto found = values.find(input);
    stack.push_back(found == values.end() ? IValue() : found->second);
  }
  if (run_call(node, stack, values) || run_attribute(node, stack, values)) return;
  if (auto results = construct(node, stack)) return set_outputs(node, std::move(*results), values);
  run_operator(node, stack);
  set_outputs(node, std::move(stack), values);
}

bool Interpreter::run_control_flow(jit::Node& node, Values& values) {
  if (node.kind() == prim::If) {
    const bool condition = values.at(node.input()).toBool();
    set_outputs(node, run(*node.blocks()[condition ? 0 : 1], values), values);
    return true;
  }
  if (node.kind() != prim::Loop) return false;
  const jit::Block& body = *node.blocks()[0];
  const std::int64_t most = values.at(node.input(0)).toInt();
  bool goes_on = values.at(node.input(1)).toBool();
  std::vector<IValue> carried;
  for (std::size_t i = 2; i < node.inputs().size(); ++i) carried.push_back(values.at(node.input(i)));
  for (std::int64_t round = 0; round < most && goes_on; ++round) {
    values[body.inputs()[0]] = round;
    for (std::size_t i = 0; i < carried.size(); ++i) values[body.inputs()[i + 1]] = carried[i];
    carried = run(body, values);
    goes_on = carried.front().toBool();
    carried.erase(carried.begin());
  }
  set_outputs(node, std::move(carried), values);
  return true;
}

bool Interpreter::run_call(jit::Node& node, const Stack& inputs, Values& values) {
  const std::vector<IValue> arguments(inputs.begin() + (inputs.empty() ? 0 : 1), inputs.end());
  if (node.kind() == prim::CallMethod) {
    values[node.output()] = call_method(inputs[0], node.s(jit::attr::name), arguments);
  } else if (node.kind() == prim::CallFunction) {
    values[node.output()] = call(*node.input(0)->type()->expect<c10::FunctionType>()->function(), arguments);
  } else if (node.kind() == prim::Enter) {
    values[node.output()] = call_method(inputs[0], "__enter__", {});
  } else if (node.kind() == prim::Exit) {
    values[node.output()] = call_method(inputs[0], "__exit__", arguments);
  } else if (node.kind() == prim::fork) {  // at once
    const std::shared_ptr<jit::Graph> graph = node.g(jit::attr::Subgraph);
    Values inner;
    for (std::size_t i = 0; i < inputs.size(); ++i) inner[graph->inputs()[i]] = inputs[i];
    const auto future =
        c10::make_intrusive<c10::ivalue::Future>(node.output()->type()->expect<c10::FutureType>()->getElementType());
    future->markCompleted(run(*graph->block(), inner).at(0));
    values[node.output()] = future;
  } else if (node.kind() == c10::aten::wait) {
    values[node.output()] = inputs[0].toFuture()->value();
  } else {
    return false;
  }
  return true;
}

bool Interpreter::run_attribute(jit::Node& node, const Stack& inputs, Values& values) {
  if (node.kind() == prim::GetAttr) {
    values[node.output()] = attribute(inputs[0].toObject(), node.s(jit::attr::name));
    return true;
  }
  if (node.kind() != prim::SetAttr) return false;
  set_[{inputs[0].toObject().get(), node.s(jit::attr::name)}] = inputs[1];
  objects_.push_back(inputs[0].toObject());
  return true;
}

IValue Interpreter::attribute(const c10::intrusive_ptr<c10::ivalue::Object>& object, const std::string& name) {
  if (name == "training" && object->type()->is_module()) return false;
  const auto found = set_.find({object.get(), name});
  if (found != set_.end()) return found->second;
  IValue value = object->getAttr(name);
  if (!value.isList() && !value.isGenericDict()) return value;
  value = value.isList() ? IValue(value.toList().copy()) : IValue(value.toGenericDict().copy());
  set_[{object.get(), name}] = value;
  objects_.push_back(object);
  return value;
}

void Interpreter::run_operator(jit::Node& node, Stack& stack) {
  const jit::Operator* op = node.maybeOperator();
  if (op == nullptr || !op->hasOperation() || node.kind() == prim::tolist)
    watcher_.refuse(std::string(node.kind().toQualString()));
  if (op->schema().is_vararg()) stack.emplace_back(static_cast<std::int64_t>(node.inputs().size()));
  node.getOperation()(stack);
}

}  // namespace weigh::dry_run
