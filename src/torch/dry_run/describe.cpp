#include "weigh/torch/describe.h"

#include <optional>
#include <unordered_set>

#include "dry_run/forward_run.h"
#include "dry_run/live_model.h"

namespace weigh {

Model describe(const torch::nn::Module& module) { return dry_run::LiveModel(module).model; }

Model describe(torch::nn::Module& module, const std::vector<c10::IValue>& inputs,
               const std::function<c10::IValue()>& forward, const DescribeOptions& options) {
  if (options.forward == Forward::none) return describe(module);
  dry_run::ForwardRun run(module);
  run.watch(inputs, forward, options);
  return std::move(run.live().model);
}

}  // namespace weigh
