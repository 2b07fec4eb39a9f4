// The state of the generators that a run draws from.
#pragma once

#include <torch/torch.h>

namespace weigh::lightning {

class RandomState {
 public:
  // As it is now: of the CPU, and of the device if it is another.
  explicit RandomState(torch::Device device);
  RandomState(torch::Device device, torch::Tensor of_cpu, torch::Tensor of_device);
  void restore() const;

  const torch::Tensor& of_cpu() const { return of_cpu_; }
  const torch::Tensor& of_device() const { return of_device_; }  // undefined for a CPU

 private:
  torch::Device device_;
  torch::Tensor of_cpu_;
  torch::Tensor of_device_;
};

}  // namespace weigh::lightning
