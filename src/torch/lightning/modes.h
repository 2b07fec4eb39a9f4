// Whether modules are in train or eval mode.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace weigh::lightning {

// Puts every module back into the mode that it is in now.
class Modes {
 public:
  explicit Modes(torch::nn::Module& root) {
    for (const auto& module : root.modules(false)) modes_.emplace_back(module, module->is_training());
    root_ = {&root, root.is_training()};
  }
  void restore() {
    // train() goes down the tree, and parents stand before their children.
    root_.first->train(root_.second);
    for (const auto& [module, training] : modes_) module->train(training);
  }

 private:
  std::vector<std::pair<std::shared_ptr<torch::nn::Module>, bool>> modes_;
  std::pair<torch::nn::Module*, bool> root_;
};

}  // namespace weigh::lightning
