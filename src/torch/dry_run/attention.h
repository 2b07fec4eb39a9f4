// Following torch::nn::MultiheadAttention by its operators (torch/nn/functional/activation.h): projections of query,
// key and value, which may be the same; products; the projection of the output by the weights of its child; and, where
// the weights are wanted, their reshaping.
#pragma once

#include <vector>

#include "dry_run/operation.h"
#include "dry_run/owners.h"
#include "weigh/model.h"
#include "weigh/run.h"

namespace weigh::dry_run {

class Attention {
 public:
  // An operator that takes parameters of `module`. Whether a call begins with it.
  bool operated(const Operation& operation, const torch::nn::MultiheadAttentionImpl& module, Run& run,
                const Owners& owners);
  // The next one that takes nobody's.
  void operated_elsewhere(const Operation& operation);
  void forget() { run_ = nullptr; }

 private:
  enum class Stage : std::uint8_t { input, output, weights };

  void begin(const torch::nn::MultiheadAttentionImpl& module, Run& run);

  const torch::nn::MultiheadAttentionImpl* module_ = nullptr;
  Run* run_ = nullptr;  // of the call that is followed, if it is the first of its module
  Stage stage_ = Stage::output;
  std::vector<IOShape> projected_;
};

}  // namespace weigh::dry_run
