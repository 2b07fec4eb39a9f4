#include "nn/graph/weighted_sum.h"

#include <vector>

#include "nn/graph/chunks.h"
#include "nn/graph/optional_tensor.h"
#include "nn/graph/scatter.h"

namespace weigh::nn::graph {
namespace {

using torch::autograd::AutogradContext;

torch::Tensor part_of(const torch::Tensor& tensor, std::int64_t begin, std::int64_t count) {
  return tensor.defined() ? tensor.narrow(0, begin, count) : tensor;
}

// features[source] + edge_term; all for the same edges.
torch::Tensor values_of(const torch::Tensor& features, const torch::Tensor& edge_term, const torch::Tensor& source) {
  torch::Tensor values = features.index_select(0, source);
  return edge_term.defined() ? values.add_(edge_term) : values;
}

class WeightedSum : public torch::autograd::Function<WeightedSum> {
 public:
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& features,
                               const OptionalTensor& optional_edge_term, const OptionalTensor& optional_alpha,
                               const torch::Tensor& source, const torch::Tensor& target, std::int64_t targets) {
    const torch::Tensor edge_term = or_undefined(optional_edge_term);
    const torch::Tensor alpha = or_undefined(optional_alpha);
    context->save_for_backward({features, edge_term, alpha, source, target});
    torch::Tensor sum = features.new_zeros({targets, features.size(1), features.size(2)});
    for_each_chunk(features, source.size(0), width_of(features), [&](std::int64_t begin, std::int64_t count) {
      torch::Tensor messages = values_of(features, part_of(edge_term, begin, count), part_of(source, begin, count));
      if (alpha.defined()) messages.mul_(part_of(alpha, begin, count).unsqueeze(-1));
      add_rows(sum, part_of(target, begin, count), messages);
    });
    return sum;
  }

  static std::vector<torch::Tensor> backward(AutogradContext* context, const std::vector<torch::Tensor>& gradients) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor& features = saved[0];
    const torch::Tensor& edge_term = saved[1];
    const torch::Tensor& alpha = saved[2];
    torch::Tensor features_gradient = torch::zeros_like(features);
    torch::Tensor edge_gradient = edge_term.defined() ? torch::empty_like(edge_term) : torch::Tensor();
    torch::Tensor alpha_gradient = alpha.defined() ? torch::empty_like(alpha) : torch::Tensor();
    for_each_chunk(features, saved[3].size(0), width_of(features), [&](std::int64_t begin, std::int64_t count) {
      const torch::Tensor source = part_of(saved[3], begin, count);
      torch::Tensor arriving = gradients[0].index_select(0, part_of(saved[4], begin, count));
      if (alpha.defined()) {
        const torch::Tensor values = values_of(features, part_of(edge_term, begin, count), source);
        part_of(alpha_gradient, begin, count).copy_((values * arriving).sum(-1));
        arriving = arriving * part_of(alpha, begin, count).unsqueeze(-1);
      }
      if (edge_term.defined()) part_of(edge_gradient, begin, count).copy_(arriving);
      add_rows(features_gradient, source, arriving);
    });
    return {features_gradient, edge_gradient, alpha_gradient, {}, {}, {}};
  }

 private:
  static std::int64_t width_of(const torch::Tensor& features) { return features.size(1) * features.size(2); }
};

}  // namespace

torch::Tensor weighted_sum(const torch::Tensor& features, const torch::Tensor& edge_term, const torch::Tensor& alpha,
                           const Edges& edges) {
  return WeightedSum::apply(features, if_defined(edge_term), if_defined(alpha), edges.source, edges.target,
                            edges.targets);
}

torch::Tensor aggregate(const torch::Tensor& features, const torch::Tensor& edge_term, const torch::Tensor& alpha,
                        const Edges& edges, Reduce reduce) {
  if (reduce == Reduce::add) return weighted_sum(features, edge_term, alpha, edges);
  if (reduce == Reduce::mean)
    return weighted_sum(features, edge_term, alpha, edges) / counts(features, edges.target, edges.targets, 3);
  torch::Tensor messages = features.index_select(0, edges.source);
  if (edge_term.defined()) messages = messages + edge_term;
  if (alpha.defined()) messages = messages * alpha.unsqueeze(-1);
  return scatter(messages, edges.target, edges.targets, reduce);
}

}  // namespace weigh::nn::graph
