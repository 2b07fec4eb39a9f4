// Watching the modules that a container runs: the children of torch::nn::Sequential, and the two halves of
// torch::nn::Transformer. libtorch's modules have no hooks, but these are held as AnyModule, whose inside is put into a
// wrapper for the length of a run.
#pragma once

#include <memory>
#include <vector>

#include <torch/torch.h>

namespace weigh::dry_run {

class ContainerWatcher {
 public:
  virtual ~ContainerWatcher() = default;
  virtual void enter(torch::nn::Module& module, const std::vector<c10::IValue>& inputs) = 0;
  virtual void leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) = 0;
  // The children of a Sequential ran from the first to the last, each on what the one before it returned.
  virtual void passed(torch::nn::Module& sequential, const std::vector<c10::IValue>& inputs,
                      const std::vector<c10::IValue>& outputs) = 0;
};

// Wraps them in all of `modules` for a scope.
class ContainersWatched {
 public:
  ContainersWatched(const std::vector<torch::nn::Module*>& modules, ContainerWatcher& watcher);
  ~ContainersWatched();
  ContainersWatched(const ContainersWatched&) = delete;
  ContainersWatched& operator=(const ContainersWatched&) = delete;

 private:
  void wrap(torch::nn::AnyModule& module, std::size_t index, const std::shared_ptr<class Passage>& passage);

  ContainerWatcher& watcher_;
  std::vector<torch::nn::AnyModule*> wrapped_;
};

}  // namespace weigh::dry_run
