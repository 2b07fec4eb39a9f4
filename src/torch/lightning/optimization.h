// What optimisation by the trainer and by hand have in common, and the way into each.
#pragma once

#include <vector>

#include "lightning/session.h"

namespace weigh::lightning {

// Throws where backward cannot start from it, or where it is no number.
void check_loss(Session& session, const torch::Tensor& loss);
// With its hooks, and scaled where there is a GradScaler.
void backward(Session& session, const torch::Tensor& loss, bool retain_graph = false);
// Divides gradients by the scale, where there is one. Whether all are finite; without a scale that is not asked.
bool unscale(Session& session, const std::vector<torch::optim::Optimizer*>& optimizers);

// manual_optimization.cpp
torch::Tensor optimize_by_hand(Session& session);
void backward_by_hand(Session& session, const torch::Tensor& loss, bool retain_graph);
// After the first epoch.
void check_manual_steps(Session& session);

}  // namespace weigh::lightning
