#include <fmt/format.h>

#include "dry_run/forward_run.h"
#include "dry_run/observation.h"
#include "dry_run/script/interpreter.h"

#include "weigh/torch/script.h"

namespace weigh {
namespace dry_run {
namespace {

class ScriptRun final : public Interpreter::Watcher {
 public:
  ScriptRun(const LiveModel& live, Observation& observation) : live_(live), observation_(observation) {}

  void enter(const torch::jit::Module& module, const std::vector<c10::IValue>& inputs) override {
    observation_.enter(live_.find(module), inputs);
  }
  void leave(const torch::jit::Module& module, const c10::IValue& output) override {
    observation_.leave(live_.find(module), {output});
  }
  void refuse(const std::string& what) override {
    const std::string message = what + " cannot be run here; torch::jit::Module::forward() runs it";
    observation_.stop(observation_.place(), message);
    throw Stopped(observation_.place(), message);
  }

 private:
  const LiveModel& live_;
  Observation& observation_;
};

// Tensors that stand for those in a value, however deep they lie.
c10::IValue stand_ins(const c10::IValue& value, Observation& observation) {
  if (value.isTensor()) return observation.stand_in(value.toTensor());
  if (value.isTensorList()) {
    auto list = value.toTensorList().copy();
    for (std::size_t i = 0; i < list.size(); ++i) list.set(i, observation.stand_in(list.get(i)));
    return list;
  }
  if (value.isList()) {
    auto list = value.toList().copy();
    for (std::size_t i = 0; i < list.size(); ++i) list.set(i, stand_ins(list.get(i), observation));
    return list;
  }
  if (value.isTuple()) {
    std::vector<c10::IValue> items;
    for (const c10::IValue& item : value.toTupleRef().elements()) items.push_back(stand_ins(item, observation));
    return c10::ivalue::Tuple::create(std::move(items));
  }
  if (value.isGenericDict()) {
    auto dictionary = value.toGenericDict().copy();
    for (const auto& item : value.toGenericDict())
      dictionary.insert_or_assign(item.key(), stand_ins(item.value(), observation));
    return dictionary;
  }
  return value;
}

// Weights that torch.jit.freeze() made constants of the code.
struct Constants {
  std::uint64_t tensors = 0;
  std::uint64_t elements = 0;

  void count(const torch::jit::Block& block) {
    for (torch::jit::Node* node : const_cast<torch::jit::Block&>(block).nodes()) {  // NOLINT: nothing is changed
      for (const torch::jit::Block* inner : node->blocks()) count(*inner);
      const bool is_tensor = node->kind() == c10::prim::Constant && node->hasAttribute(torch::jit::attr::value) &&
                             node->kindOf(torch::jit::attr::value) == torch::jit::AttributeKind::t;
      if (!is_tensor || node->t(torch::jit::attr::value).numel() < 2) continue;
      ++tensors;
      elements += static_cast<std::uint64_t>(node->t(torch::jit::attr::value).numel());
    }
  }
};

void note_constants(const torch::jit::Module& module, Model& model) {
  Constants constants;
  for (const torch::jit::Method& method : module.get_methods()) constants.count(*method.graph()->block());
  if (constants.tensors == 0) return;
  model.notes.push_back(
      {"constants", model.architecture,
       fmt::format(
           "its code holds {} tensors of {} elements as constants, as torch.jit.freeze() makes them of weights; "
           "they are no parameters, and not counted",
           constants.tensors, constants.elements)});
}

}  // namespace
}  // namespace dry_run

Model describe(const torch::jit::Module& module) {
  dry_run::LiveModel live(module);
  dry_run::note_constants(module, live.model);
  return std::move(live.model);
}

Model describe(const torch::jit::Module& module, const std::vector<c10::IValue>& inputs,
               const DescribeOptions& options) {
  if (options.forward == Forward::none) return describe(module);
  dry_run::ForwardRun run(module);
  auto forward = [&](dry_run::Observation& observation) {
    dry_run::ScriptRun script(run.live(), observation);
    std::vector<c10::IValue> values;
    for (const c10::IValue& input : inputs) values.push_back(dry_run::stand_ins(input, observation));
    dry_run::Interpreter(script).call(module, "forward", std::move(values));
  };
  run.watch(inputs, forward, options);
  Model model = std::move(run.live().model);
  for (Run& each : model.runs)
    if (run.is_complete() || each.calls > 0) each.witness = Witness::layer;  // every call is seen
  dry_run::note_constants(module, model);
  return model;
}

}  // namespace weigh
