// A graph attention network whose input channels are not known, from -1 to trained numbers: what a summary tells before
// there is a single byte of it.
#include <iostream>

#include <torch/torch.h>
#include <weigh/torch/graph/gatv2_conv.h>
#include <weigh/torch/materialize.h>
#include <weigh/torch/model_summary.h>

struct GATImpl : torch::nn::Module {
  weigh::nn::GATv2Conv conv1 = register_module("conv1", weigh::nn::GATv2Conv(-1, 8));
  torch::nn::Linear fc = register_module("fc", torch::nn::Linear(8, 2));

  torch::Tensor forward(const torch::Tensor& x, const torch::Tensor& edge_index) {
    return fc(torch::elu(conv1(x, edge_index)));
  }
};
TORCH_MODULE(GAT);

int main() {
  GAT gat;
  std::cout << "As it is defined:\n\n" << weigh::summarize(gat) << '\n';

  // Four nodes with 16 features each, in a ring. A dry run looks at shapes alone: nothing is computed or allocated.
  const torch::Tensor x = torch::zeros({4, 16});
  const torch::Tensor edge_index = torch::tensor({0, 1, 2, 3, 1, 2, 3, 0}).view({2, 4});
  std::cout << "With an example input, still without a byte of it:\n\n" << weigh::summarize(gat, x, edge_index) << '\n';

  weigh::materialize(gat, x, edge_index);
  std::cout << "Initialised:\n\n" << weigh::summarize(gat, x, edge_index);
}
