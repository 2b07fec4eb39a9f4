// Runs the code of TorchScript modules node by node, as libtorch's interpreter does, which neither tells the calls of
// modules nor can be kept from changing what they hold. Here every call is told, and what the code sets or appends to
// is set and appended to beside the module. Modules are in eval mode for it, whatever they are in.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/script.h>

namespace weigh::dry_run {

class Interpreter {
 public:
  class Watcher {
   public:
    virtual ~Watcher() = default;
    // The forward of a module begins, and ends.
    virtual void enter(const torch::jit::Module& module, const std::vector<c10::IValue>& inputs) = 0;
    virtual void leave(const torch::jit::Module& module, const c10::IValue& output) = 0;
    // A node that only libtorch's interpreter can run, or only with values. Throws.
    [[noreturn]] virtual void refuse(const std::string& what) = 0;
  };

  explicit Interpreter(Watcher& watcher) : watcher_(watcher) {}

  // Calls a method of a module; `inputs` without the module itself.
  c10::IValue call(const torch::jit::Module& module, const std::string& method, std::vector<c10::IValue> inputs);

 private:
  using Values = std::unordered_map<const torch::jit::Value*, c10::IValue>;
  using Stack = torch::jit::Stack;

  c10::IValue call_method(const c10::IValue& self, const std::string& name, std::vector<c10::IValue> inputs);
  c10::IValue call(torch::jit::Function& function, Stack arguments);
  std::vector<c10::IValue> run(const torch::jit::Block& block, Values& values);
  void run(torch::jit::Node& node, Values& values);
  bool run_control_flow(torch::jit::Node& node, Values& values);
  bool run_call(torch::jit::Node& node, const Stack& inputs, Values& values);
  bool run_attribute(torch::jit::Node& node, const Stack& inputs, Values& values);
  void run_operator(torch::jit::Node& node, Stack& stack);
  c10::IValue attribute(const c10::intrusive_ptr<c10::ivalue::Object>& object, const std::string& name);

  Watcher& watcher_;
  // What the code set, and the lists and dictionaries that it may append to. The objects are kept: their addresses
  // must not become those of others.
  std::map<std::pair<c10::ivalue::Object*, std::string>, c10::IValue> set_;
  std::vector<c10::intrusive_ptr<c10::ivalue::Object>> objects_;
};

}  // namespace weigh::dry_run
