// A dry run of the bare minimum: it remembers shapes as tensors on the meta device.
#pragma once

#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include <torch/torch.h>

#include "nn/observer.h"

class FakeObserver : public weigh::nn::Observer {
 public:
  explicit FakeObserver(bool is_dry) : is_dry_(is_dry) {}

  void enter(torch::nn::Module& module, const std::vector<c10::IValue>& inputs) override {
    events.push_back("enter " + module.name() + " " + text(inputs));
  }
  void leave(torch::nn::Module& module, const std::vector<c10::IValue>& outputs) override {
    events.push_back("leave " + module.name() + " " + text(outputs));
  }
  bool is_dry() const override { return is_dry_; }
  torch::Tensor twin(const torch::Tensor& tensor) const override {
    const auto found = twins_.find(tensor.unsafeGetTensorImpl());
    return found == twins_.end() ? torch::Tensor() : found->second;
  }
  void fix(const torch::Tensor& tensor, torch::IntArrayRef shape, torch::TensorOptions options) override {
    twins_[tensor.unsafeGetTensorImpl()] = torch::empty(shape, options.device(torch::kMeta));
  }
  void drop(const torch::Tensor& tensor) override { dropped_.insert(tensor.unsafeGetTensorImpl()); }
  bool is_dropped(const torch::Tensor& tensor) const override {
    return dropped_.contains(tensor.unsafeGetTensorImpl());
  }
  void initialized(torch::nn::Module& module) override { events.push_back("initialized " + module.name()); }

  std::vector<std::string> events;

 private:
  static std::string text(const std::vector<c10::IValue>& values) {
    std::ostringstream text;
    for (const auto& value : values)
      if (value.isTensor())
        text << value.toTensor().sizes();
      else
        text << value.tagKind();
    return text.str();
  }

  bool is_dry_;
  std::unordered_map<const void*, torch::Tensor> twins_;
  std::unordered_set<const void*> dropped_;
};
