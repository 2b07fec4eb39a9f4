#include <iostream>

#include <torch/torch.h>
#include <weigh/torch.h>

int main() {
  torch::Tensor x = torch::rand({4, 16});                                // four nodes
  torch::Tensor edges = torch::tensor({0, 1, 2, 1, 2, 3}).view({2, 3});  // three edges
  weigh::nn::GATv2Conv conv(-1, 8);                                      // channels as the first input has them
  std::cout << weigh::summarize(conv);                                   // 16·in + 32
  std::cout << weigh::summarize(conv, x, edges);                         // 288, shapes, FLOPs; still not a byte of it
  weigh::materialize(conv, x, edges);                                    // initialised, without a forward
}
