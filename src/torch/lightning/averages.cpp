#include "lightning/averages.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::lightning {

NamedTensors tensors_of(const torch::nn::Module& module, bool with_buffers) {
  NamedTensors tensors;
  const auto add = [&](const std::string& name, const torch::Tensor& tensor) {
    if (tensor.defined() && !nn::is_uninitialized(tensor)) tensors.emplace(name, tensor.detach());
  };
  for (const auto& item : module.named_parameters()) add(item.key(), item.value());
  if (!with_buffers) return tensors;
  for (const auto& item : module.named_buffers()) add(item.key(), item.value());
  return tensors;
}

NamedTensors copies(const NamedTensors& tensors) {
  NamedTensors copied;
  for (const auto& [name, tensor] : tensors) copied.emplace(name, tensor.clone());
  return copied;
}

void assign(const NamedTensors& from, const NamedTensors& to) {
  const torch::NoGradGuard no_grad;
  for (const auto& [name, tensor] : to)
    if (const auto found = from.find(name); found != from.end()) torch::Tensor(tensor).copy_(found->second);
}

NamedTensors take(Weights& checkpoint, const std::string& prefix) {
  NamedTensors taken;
  std::erase_if(checkpoint.tensors, [&](const NamedTensor& tensor) {
    const bool is_wanted = tensor.name.starts_with(prefix);
    if (is_wanted) taken.emplace(tensor.name.substr(prefix.size()), tensor.value);
    return is_wanted;
  });
  return taken;
}

void add(Weights& checkpoint, const std::string& prefix, const NamedTensors& tensors) {
  for (const auto& [name, tensor] : tensors) checkpoint.tensors.push_back({prefix + name, tensor});
}

}  // namespace weigh::lightning
