#include "nn/graph/scores.h"

#include <vector>

#include "nn/graph/chunks.h"
#include "nn/graph/optional_tensor.h"
#include "nn/graph/scatter.h"

namespace weigh::nn::graph {
namespace {

using torch::autograd::AutogradContext;

// One block of edges.
struct Block {
  Block(const torch::Tensor& all_sources, const torch::Tensor& all_targets, std::int64_t first, std::int64_t number)
      : begin(first),
        count(number),
        source(all_sources.narrow(0, first, number)),
        target(all_targets.narrow(0, first, number)) {}

  torch::Tensor of(const torch::Tensor& tensor) const { return tensor.narrow(0, begin, count); }

  std::int64_t begin, count;
  torch::Tensor source, target;
};

template <class Work>
void for_each_block(const torch::Tensor& features, const torch::Tensor& source, const torch::Tensor& target,
                    const Work& work) {
  const std::int64_t width = features.size(1) * features.size(2);
  for_each_chunk(features, source.size(0), width,
                 [&](std::int64_t begin, std::int64_t count) { work(Block(source, target, begin, count)); });
}

torch::Tensor zeros_like_if(bool wanted, const torch::Tensor& tensor) {
  return wanted ? torch::zeros_like(tensor) : torch::Tensor();
}

class AdditiveScores : public torch::autograd::Function<AdditiveScores> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& senders, const torch::Tensor& receivers,
                               const OptionalTensor& optional_edge_term, const torch::Tensor& weights,
                               const torch::Tensor& source, const torch::Tensor& target, double negative_slope) {
    const torch::Tensor edge_term = or_undefined(optional_edge_term);
    context->save_for_backward({senders, receivers, edge_term, weights, source, target});
    context->saved_data["negative_slope"] = negative_slope;
    torch::Tensor scores = senders.new_empty({source.size(0), senders.size(1)});
    for_each_block(senders, source, target, [&](const Block& block) {
      torch::Tensor mixed = mix(senders, receivers, edge_term, block);
      torch::leaky_relu_(mixed, negative_slope);
      block.of(scores).copy_(mixed.mul_(weights).sum(-1));
    });
    return scores;
  }

  static std::vector<torch::Tensor> backward(AutogradContext* context, const std::vector<torch::Tensor>& gradients) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &senders = saved[0], &receivers = saved[1], &edge_term = saved[2], &weights = saved[3];
    const double slope = context->saved_data["negative_slope"].toDouble();
    torch::Tensor senders_gradient = torch::zeros_like(senders);
    torch::Tensor receivers_gradient = torch::zeros_like(receivers);
    const torch::Tensor edge_gradient = zeros_like_if(edge_term.defined(), edge_term);
    torch::Tensor weights_gradient = torch::zeros_like(weights);
    for_each_block(senders, saved[4], saved[5], [&](const Block& block) {
      const torch::Tensor mixed = mix(senders, receivers, edge_term, block);
      const torch::Tensor gradient = block.of(gradients[0]).unsqueeze(-1);
      weights_gradient.add_((torch::leaky_relu(mixed, slope) * gradient).sum(0, /*keepdim=*/true));
      const torch::Tensor mixed_gradient = at::leaky_relu_backward(gradient * weights, mixed, slope, false);
      add_rows(senders_gradient, block.source, mixed_gradient);
      add_rows(receivers_gradient, block.target, mixed_gradient);
      if (edge_term.defined()) block.of(edge_gradient).copy_(mixed_gradient);
    });
    return {senders_gradient, receivers_gradient, edge_gradient, weights_gradient, {}, {}, {}};
  }

 private:
  static torch::Tensor mix(const torch::Tensor& senders, const torch::Tensor& receivers, const torch::Tensor& edge_term,
                           const Block& block) {
    torch::Tensor mixed = senders.index_select(0, block.source);
    mixed.add_(receivers.index_select(0, block.target));
    return edge_term.defined() ? mixed.add_(block.of(edge_term)) : mixed;
  }
};

class ProductScores : public torch::autograd::Function<ProductScores> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& senders, const torch::Tensor& receivers,
                               const OptionalTensor& optional_edge_term, const torch::Tensor& source,
                               const torch::Tensor& target, double scale) {
    const torch::Tensor edge_term = or_undefined(optional_edge_term);
    context->save_for_backward({senders, receivers, edge_term, source, target});
    context->saved_data["scale"] = scale;
    torch::Tensor scores = senders.new_empty({source.size(0), senders.size(1)});
    for_each_block(senders, source, target, [&](const Block& block) {
      torch::Tensor values = values_of(senders, edge_term, block);
      block.of(scores).copy_(values.mul_(receivers.index_select(0, block.target)).sum(-1));
    });
    return scores.mul_(scale);
  }

  static std::vector<torch::Tensor> backward(AutogradContext* context, const std::vector<torch::Tensor>& gradients) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor &senders = saved[0], &receivers = saved[1], &edge_term = saved[2];
    const double scale = context->saved_data["scale"].toDouble();
    torch::Tensor senders_gradient = torch::zeros_like(senders);
    torch::Tensor receivers_gradient = torch::zeros_like(receivers);
    const torch::Tensor edge_gradient = zeros_like_if(edge_term.defined(), edge_term);
    for_each_block(senders, saved[3], saved[4], [&](const Block& block) {
      const torch::Tensor gradient = (block.of(gradients[0]) * scale).unsqueeze(-1);
      add_rows(receivers_gradient, block.target, values_of(senders, edge_term, block) * gradient);
      const torch::Tensor values_gradient = receivers.index_select(0, block.target) * gradient;
      add_rows(senders_gradient, block.source, values_gradient);
      if (edge_term.defined()) block.of(edge_gradient).copy_(values_gradient);
    });
    return {senders_gradient, receivers_gradient, edge_gradient, {}, {}, {}};
  }

 private:
  static torch::Tensor values_of(const torch::Tensor& senders, const torch::Tensor& edge_term, const Block& block) {
    torch::Tensor values = senders.index_select(0, block.source);
    return edge_term.defined() ? values.add_(block.of(edge_term)) : values;
  }
};

}  // namespace

torch::Tensor additive_scores(const torch::Tensor& senders, const torch::Tensor& receivers,
                              const torch::Tensor& edge_term, const torch::Tensor& weights, const Edges& edges,
                              double negative_slope) {
  return AdditiveScores::apply(senders, receivers, if_defined(edge_term), weights, edges.source, edges.target,
                               negative_slope);
}

torch::Tensor product_scores(const torch::Tensor& senders, const torch::Tensor& receivers,
                             const torch::Tensor& edge_term, const Edges& edges, double scale) {
  return ProductScores::apply(senders, receivers, if_defined(edge_term), edges.source, edges.target, scale);
}

}  // namespace weigh::nn::graph
