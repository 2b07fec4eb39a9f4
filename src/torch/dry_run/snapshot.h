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
  Snapshot(std::vector<torch::nn::Module*> modules, const std::vector<at::Tensor>& tensors,
           const std::vector<at::Tensor>& inputs);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  // This tensor, which was there before the run, is about to be changed: all that lies in its memory is kept.
  void before_write(const at::Tensor& tensor);
  // Random numbers are about to be drawn.
  void before_draw() { draws_ = true; }

 private:
  struct Entry {
    at::Tensor tensor;
    at::Tensor grad;
    at::Tensor alias;  // the same memory by another tensor object; undefined where there is no shape yet
    bool requires_grad;
  };
  // Autograd remembers how often a tensor was changed, and refuses one that was since. In the run a tensor counts for
  // itself, lest a backward that is pending sees it.
  struct Version {
    at::Tensor tensor;
    c10::VariableVersion version;
  };
  struct Memory {
    at::Tensor bytes;
    at::Tensor values;
  };
  void count_apart(const at::Tensor& tensor);
  void restore_memory();
  void restore_tensors();
  void restore_random_state();

  std::vector<torch::nn::Module*> modules_;
  std::vector<char> was_training_;
  std::vector<Entry> entries_;
  std::vector<Version> versions_;
  std::unordered_map<const c10::StorageImpl*, Memory> memory_;
  bool draws_ = false;
  at::Generator generator_;
  std::uint64_t seed_ = 0;
  at::Tensor random_state_;
};

}  // namespace weigh::dry_run
