#include "weigh/torch/forward_scope.h"

#include "nn/observer.h"

namespace weigh::nn {

bool ForwardScope::is_watched() { return Observer::current() != nullptr; }

void ForwardScope::enter(std::vector<c10::IValue> inputs) {
  auto is_absent = [](const c10::IValue& value) {
    return value.isNone() || (value.isTensor() && !value.toTensor().defined());
  };
  while (!inputs.empty() && is_absent(inputs.back())) inputs.pop_back();
  Observer* observer = Observer::current();
  observer->enter(module_, inputs);
  observer_ = observer;
}

ForwardScope::~ForwardScope() {
  if (observer_) observer_->leave(module_, outputs_);
}

}  // namespace weigh::nn
