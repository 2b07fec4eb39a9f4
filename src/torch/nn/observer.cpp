#include "nn/observer.h"

namespace weigh::nn {

namespace {

thread_local Observer* current_observer = nullptr;

}  // namespace

Observer* Observer::current() { return current_observer; }

ObserverGuard::ObserverGuard(Observer* observer) : before_(current_observer) { current_observer = observer; }

ObserverGuard::~ObserverGuard() { current_observer = before_; }

}  // namespace weigh::nn
