// Forward and backward of GATv2Conv on a random graph: prints seconds, the median of several runs after one that does
// not count, and peak memory in bytes above that before the first run. graph_peer.py does the same in Python.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <torch/torch.h>

#include "weigh/torch/graph/gatv2_conv.h"

namespace {

constexpr std::int64_t kNodes = 100'000;
constexpr std::int64_t kEdges = 2'000'000;
constexpr std::int64_t kInChannels = 16;
constexpr int kRuns = 5;

long peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

double seconds_of_run(weigh::nn::GATv2Conv& layer, const torch::Tensor& x, const torch::Tensor& edge_index) {
  const auto begin = std::chrono::steady_clock::now();
  layer->zero_grad();
  layer(x, edge_index).sum().backward();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
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
  const long before = peak_bytes();
  seconds_of_run(layer, x, edge_index);
  std::vector<double> seconds;
  for (int run = 0; run < kRuns; ++run) seconds.push_back(seconds_of_run(layer, x, edge_index));
  std::nth_element(seconds.begin(), seconds.begin() + kRuns / 2, seconds.end());
  std::printf("%f %ld\n", seconds[kRuns / 2], peak_bytes() - before);
}
