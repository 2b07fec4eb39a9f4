// Forward and backward of GATv2Conv on a random graph: prints seconds, the median of several runs after one that does
// not count, and peak memory in bytes above that before the first run. graph_peer.py does the same in Python.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include <torch/torch.h>

#include "live/measure.h"

#include "weigh/torch/graph/gatv2_conv.h"

namespace {

constexpr std::int64_t kNodes = 100'000;
constexpr std::int64_t kEdges = 2'000'000;
constexpr std::int64_t kInChannels = 16;
constexpr int kRuns = 5;

void run(weigh::nn::GATv2Conv& layer, const torch::Tensor& x, const torch::Tensor& edge_index) {
  layer->zero_grad();
  layer(x, edge_index).sum().backward();
}

}  // namespace

int main(int argc, char** argv) {
  const std::int64_t heads = argc > 1 ? std::atoll(argv[1]) : 8;
  const std::int64_t channels = argc > 2 ? std::atoll(argv[2]) : 8;
  // Debian's libtorch starts with one thread, PyTorch in Python with one for each core.
  at::set_num_threads(static_cast<int>(std::max(1U, std::thread::hardware_concurrency())));
  torch::manual_seed(0);
  const torch::Tensor x = torch::randn({kNodes, kInChannels});
  const torch::Tensor edge_index = torch::randint(kNodes, {2, kEdges}, torch::kInt64);
  weigh::nn::GATv2Conv layer(weigh::nn::GATv2ConvOptions(kInChannels, channels).heads(heads));
  const long before = weigh::bench::peak_bytes();
  run(layer, x, edge_index);
  const double seconds = weigh::bench::median_of(kRuns, [&] { run(layer, x, edge_index); });
  std::printf("%f %ld\n", seconds, weigh::bench::peak_bytes() - before);
}
