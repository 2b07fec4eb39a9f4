#include "nn/graph/scatter.h"

#include <string>
#include <vector>

#include "nn/graph/quiet.h"

namespace weigh::nn::graph {
namespace {

// Added to the sum of exponentials, as PyTorch Geometric does.
constexpr double kSoftmaxEpsilon = 1e-16;

std::vector<std::int64_t> with_rows(const torch::Tensor& rows, std::int64_t count) {
  std::vector<std::int64_t> shape = rows.sizes().vec();
  shape.front() = count;
  return shape;
}

torch::Tensor over_rows(const torch::Tensor& index, const torch::Tensor& rows) {
  std::vector<std::int64_t> shape(rows.dim(), 1);
  shape.front() = index.size(0);
  return index.view(shape).expand_as(rows);
}

torch::Tensor scatter_reduce(const torch::Tensor& rows, const torch::Tensor& index, std::int64_t count, double start,
                             const std::string& reduce, bool include_start) {
  const Quiet quiet;
  return rows.new_full(with_rows(rows, count), start)
      .scatter_reduce(0, over_rows(index, rows), rows, reduce, include_start);
}

// Only the weights are kept for the way back: for each index, d score = weight * (d weight - sum of weight * d weight).
class Softmax : public torch::autograd::Function<Softmax> {
 public:
  static torch::Tensor forward(torch::autograd::AutogradContext* context, const torch::Tensor& scores,
                               const torch::Tensor& index, std::int64_t count) {
    const torch::Tensor highest = scatter_reduce(scores, index, count, 0, "amax", false);
    torch::Tensor weights = (scores - highest.index_select(0, index)).exp_();
    torch::Tensor sum = scores.new_zeros({count, scores.size(1)});
    add_rows(sum, index, weights);
    weights.div_(sum.add_(kSoftmaxEpsilon).index_select(0, index));
    context->save_for_backward({weights, index});
    context->saved_data["count"] = count;
    return weights;
  }

  static std::vector<torch::Tensor> backward(torch::autograd::AutogradContext* context,
                                             const std::vector<torch::Tensor>& gradients) {
    const std::vector<torch::Tensor> saved = context->get_saved_variables();
    const torch::Tensor& weights = saved[0];
    const torch::Tensor& index = saved[1];
    const torch::Tensor product = weights * gradients[0];
    torch::Tensor sum = product.new_zeros({context->saved_data["count"].toInt(), product.size(1)});
    add_rows(sum, index, product);
    return {product - weights * sum.index_select(0, index), torch::Tensor(), torch::Tensor()};
  }
};

}  // namespace

void add_rows(torch::Tensor& sum, const torch::Tensor& index, const torch::Tensor& rows) {
  sum.scatter_add_(0, over_rows(index, rows), rows);
}

torch::Tensor counts(const torch::Tensor& like, const torch::Tensor& index, std::int64_t count, std::int64_t dims) {
  torch::Tensor found = like.new_zeros({count});
  add_rows(found, index, like.new_ones({index.size(0)}));
  std::vector<std::int64_t> shape(dims, 1);
  shape.front() = count;
  return found.clamp_min_(1).view(shape);
}

torch::Tensor scatter(const torch::Tensor& rows, const torch::Tensor& index, std::int64_t count, Reduce reduce) {
  switch (reduce) {
    case Reduce::max: return scatter_reduce(rows, index, count, 0, "amax", false);
    case Reduce::min: return scatter_reduce(rows, index, count, 0, "amin", false);
    case Reduce::mul: return scatter_reduce(rows, index, count, 1, "prod", true);
    case Reduce::add:
    case Reduce::mean: break;
  }
  torch::Tensor sum = rows.new_zeros(with_rows(rows, count));
  add_rows(sum, index, rows);
  return reduce == Reduce::mean ? sum / counts(rows, index, count, rows.dim()) : sum;
}

torch::Tensor softmax(const torch::Tensor& scores, const torch::Tensor& index, std::int64_t count) {
  return Softmax::apply(scores, index, count);
}

}  // namespace weigh::nn::graph
