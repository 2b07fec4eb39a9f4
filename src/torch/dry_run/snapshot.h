// How a module was before a run, to be put back: whatever the forward does, looking changes nothing.
#pragma once

#include <cstdint>
#include <unordered_map>
#include <vector>

#include <torch/torch.h>

namespace weigh::dry_run {

class Snapshot {
 public:
  // `modules`: all of them; `tensors`: their parameters and buffers; `inputs`: what must not change either.
  // `draws`: whether the run draws random numbers.
  Snapshot(std::vector<torch::nn::Module*> modules, const std::vector<at::Tensor>& tensors,
           const std::vector<at::Tensor>& inputs, bool draws);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // Of a real forward: this tensor is about to be changed. The values of what lies in its memory are kept.
  void before_write(const at::Tensor& tensor);

 private:
  struct Entry {
    at::Tensor tensor;
    at::Tensor grad;
    at::Tensor alias;  // the same memory by another tensor object; undefined where there is no shape yet
    bool requires_grad;
  };
  void restore_tensors();
  void restore_random_state();

  std::vector<torch::nn::Module*> modules_;
  std::vector<char> was_training_;
  std::vector<Entry> entries_;
  std::unordered_map<const c10::StorageImpl*, std::vector<at::Tensor>> by_storage_;
  std::vector<std::pair<at::Tensor, at::Tensor>> kept_;  // a tensor and its values
  bool draws_;
  at::Generator generator_;
  std::uint64_t seed_ = 0;
  at::Tensor random_state_;
};

}  // namespace weigh::dry_run
