// Following torch::nn::MultiheadAttention by its operators (torch/nn/functional/activation.h): projections of query,
// key and value, which may be the same; products; the projection of the output by the weights of its child; and, where
// the weights are wanted, their reshaping.
#pragma once

#include <vector>

#include "dry_run/operation.h"
#include "dry_run/owners.h"

#include "weigh/run.h"

namespace weigh::dry_run {

class Attention {
 public:
  // As the operators see them: twins, in a dry run.
  struct Parameters {
    std::vector<at::Tensor> input;  // weights that project query, key and value
    at::Tensor output;              // weight of the projection of the output
  };

  // An operator that takes parameters of the layer. Whether a call begins with it.
  bool operated(const Operation& operation, const Parameters& parameters, Run& run, const Owners& owners);
  // An operator that takes nobody's.
  void operated_elsewhere(const Operation& operation);
  // Whether the operator with these inputs goes on with the layer's last call.
  bool is_within(const Run& run, const std::vector<at::Tensor>& inputs, const Parameters& parameters) const;

 private:
  enum class Stage : std::uint8_t { input, output, weights };

  void begin(Run& run);
  void tell_inputs();
  void tell_outputs(IOShape output, IOShape weights);

  Run* run_ = nullptr;  // of the layer whose call is followed
  bool is_first_ = false;
  Stage stage_ = Stage::output;
  std::vector<IOShape> projected_;
};

}  // namespace weigh::dry_run
