#include "weigh/torch/forward_scope.h"

#include "nn/observer.h"

namespace weigh::nn {

bool ForwardScope::is_watched() { return Observer::current() != nullptr; }

void ForwardScope::enter(const std::vector<c10::IValue>& inputs) {
  Observer* observer = Observer::current();
  observer->enter(module_, inputs);
  observer_ = observer;
}

ForwardScope::~ForwardScope() {
  if (observer_) observer_->leave(module_, outputs_);
}

}  // namespace weigh::nn
