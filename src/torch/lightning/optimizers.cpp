#include "weigh/lightning/optimizers.h"

#include <c10/util/Type.h>

#include "dry_run/type_name.h"

namespace weigh::lightning {
namespace {

double get_lr(const torch::optim::OptimizerParamGroup& group) {
  return const_cast<torch::optim::OptimizerParamGroup&>(group).options().get_lr();
}

}  // namespace

std::vector<double> learning_rates(const torch::optim::Optimizer& optimizer) {
  std::vector<double> rates;
  for (const auto& group : optimizer.param_groups()) rates.push_back(get_lr(group));
  return rates;
}

void clip_gradients(const torch::optim::Optimizer& optimizer, double gradient_clip_val, ClipAlgorithm algorithm) {
  std::vector<torch::Tensor> parameters;
  for (const auto& group : optimizer.param_groups())
    parameters.insert(parameters.end(), group.params().begin(), group.params().end());
  if (algorithm == ClipAlgorithm::norm) {
    torch::nn::utils::clip_grad_norm_(parameters, gradient_clip_val);
  } else {
    torch::nn::utils::clip_grad_value_(parameters, gradient_clip_val);
  }
}

std::string type_name(const torch::optim::Optimizer& optimizer) {
  return dry_run::short_type_name(c10::demangle(typeid(optimizer).name()));
}

}  // namespace weigh::lightning
