// The tensors of a module in a line: "weight [5, 3], bias ?".
#pragma once

#include <sstream>
#include <string>

#include <torch/torch.h>

#include "weigh/torch/uninitialized.h"

inline std::string shapes_of(const torch::nn::Module& module) {
  std::ostringstream text;
  auto tensors = module.named_parameters();
  tensors.update(module.named_buffers());
  for (const auto& own : tensors) {
    if (text.tellp() > 0) text << ", ";
    text << own.key() << ' ';
    if (weigh::nn::is_uninitialized(own.value()))
      text << '?';
    else
      text << own.value().sizes();
  }
  return text.str();
}
