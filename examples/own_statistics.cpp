// Two statistics of one's own: only what an optimizer will update, and a column that tells how sparse a layer is.
#include <iostream>
#include <unordered_set>

#include <torch/torch.h>
#include <weigh/torch/model_summary.h>

// Counts the parameters that are in an optimizer's groups; the others weigh nothing.
class Updated : public weigh::ModelSummary {
 public:
  template <class Module>
  Updated(Module& module, const torch::optim::Optimizer& optimizer)
      : ModelSummary(module, weigh::describe(std::as_const(module))) {
    for (const auto& group : optimizer.param_groups())
      for (const torch::Tensor& parameter : group.params()) updated_.insert(parameter.unsafeGetTensorImpl());
  }

 private:
  weigh::Count count(const weigh::Tensor& tensor) const override {
    const bool is_updated = updated_.count(live(tensor).unsafeGetTensorImpl()) > 0;
    return is_updated ? ModelSummary::count(tensor) : weigh::Count();
  }
  // Layers of which nothing is updated are left out.
  bool is_layer(weigh::Index module) const override {
    for (const weigh::Tensor& tensor : model().tensors)
      if (tensor.module == module && !(count(tensor) == weigh::Count())) return true;
    return model().modules[module].first_child != weigh::kNone;
  }

  std::unordered_set<const c10::TensorImpl*> updated_;
};

// The share of a layer's own weights that are 0.
std::string sparsity(const weigh::ModelSummary& summary, const weigh::Row& row) {
  const weigh::Model& model = summary.model();
  double zeros = 0;
  double all = 0;
  for (weigh::Index i = model.modules[row.module].first_tensor; i != weigh::kNone; i = model.tensors[i].next) {
    const torch::Tensor tensor = summary.live(model.tensors[i]);
    zeros += (tensor == 0).sum().item<double>();
    all += static_cast<double>(tensor.numel());
  }
  return all == 0 ? "" : std::to_string(static_cast<int>(100 * zeros / all + 0.5)) + " %";
}

int main() {
  torch::nn::Sequential net(torch::nn::Linear(8, 4), torch::nn::ReLU(), torch::nn::Linear(4, 2));
  const auto head = net->ptr<torch::nn::LinearImpl>(2);

  const torch::optim::SGD optimizer(head->parameters(), 0.1);
  std::cout << "What the optimizer will update:\n\n" << Updated(net, optimizer) << '\n';

  torch::NoGradGuard no_grad;
  head->weight.fill_(1).index_put_({0}, 0);
  head->bias.fill_(1);
  weigh::ModelSummary summary = weigh::summarize(net);
  summary.add_column({"sparsity", "Sparsity", true,
                      [&](const weigh::Summary&, const weigh::Row& row) { return sparsity(summary, row); }});
  std::cout << "How sparse it is:\n\n" << summary;
}
