#include "weigh/torch/build_dry.h"

#include <torch/torch.h>

#include "dry_run/intercept.h"
#include "dry_run/machine.h"

#include "weigh/error.h"

namespace weigh::detail {

class DryBuilding::Builder final : public dry_run::Interceptor {
 public:
  Builder() : intercepted_(*this) {}

  void operate(const c10::OperatorHandle& handle, torch::jit::Stack& stack) override {
    const dry_run::Operator& op = operators_.of(handle);
    if (op.needs_values) refuse(op);
    machine_.prepare(op, handle.schema().arguments().size(), stack, /*has_values=*/false);
    try {
      machine_.call(handle, op, stack, /*has_values=*/false);
    } catch (const c10::NotImplementedError&) {
      refuse(op);
    }
  }

 private:
  [[noreturn]] static void refuse(const dry_run::Operator& op) {
    throw Error(ErrorKind::unsupported, "build_dry",
                op.name + " gives what depends on values, and a model that is built dry has none");
  }

  dry_run::Operators operators_;
  dry_run::Machine machine_{{.is_dry = true}};
  at::AutoDispatchBelowADInplaceOrView below_autograd_;
  dry_run::InterceptGuard intercepted_;
};

DryBuilding::DryBuilding() {
  if (dry_run::Interceptor::current() != nullptr)
    throw Error(ErrorKind::usage, "build_dry", "a model is being built or run dry on this thread already");
  builder_ = std::make_unique<Builder>();
}
DryBuilding::~DryBuilding() = default;

}  // namespace weigh::detail
