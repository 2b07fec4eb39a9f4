#include "lightning/random_state.h"

#include <mutex>

namespace weigh::lightning {
namespace {

torch::Tensor state_of(at::Generator generator) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  return generator.get_state();
}

void set_state(at::Generator generator, const torch::Tensor& state) {
  const std::lock_guard<std::mutex> lock(generator.mutex());
  generator.set_state(state);
}

}  // namespace

RandomState::RandomState(torch::Device device)
    : device_(device), of_cpu_(state_of(at::globalContext().defaultGenerator(torch::kCPU))) {
  if (!device.is_cpu()) of_device_ = state_of(at::globalContext().defaultGenerator(device));
}

RandomState::RandomState(torch::Device device, torch::Tensor of_cpu, torch::Tensor of_device)
    : device_(device), of_cpu_(std::move(of_cpu)), of_device_(std::move(of_device)) {}

void RandomState::restore() const {
  set_state(at::globalContext().defaultGenerator(torch::kCPU), of_cpu_);
  if (of_device_.defined()) set_state(at::globalContext().defaultGenerator(device_), of_device_);
}

}  // namespace weigh::lightning
