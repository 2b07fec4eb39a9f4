// How long a file of weights takes to be loaded into a module, and to be read: bench_load_weights FOLDER [MEGABYTES].
// Prints seconds, the best of some runs from a warm cache: load_state_dict, read() of the whole file into memory, and
// read() in pieces of 128 KiB, which stay in the processor's cache.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fcntl.h>
#include <torch/torch.h>
#include <unistd.h>

#include "live/measure.h"

#include "weigh/torch/weights.h"

namespace {

constexpr int kRuns = 7;
constexpr std::int64_t kWidth = 4096;  // layers of 64 MB

// Into `memory`, from its beginning again after each `step` bytes.
void read_file(const std::string& path, char* memory, std::size_t size, std::size_t step) {
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  for (std::size_t at = 0;;) {
    const ssize_t got = ::read(file, memory + at, std::min(step, size) - at);
    if (got <= 0) break;
    at = (at + static_cast<std::size_t>(got)) % std::min(step, size);
  }
  ::close(file);
}

torch::nn::Sequential layers(std::int64_t megabytes) {
  const torch::NoGradGuard no_grad;
  torch::nn::Sequential net;
  for (std::int64_t i = 0; i < std::max<std::int64_t>(1, megabytes / 64); ++i)
    net->push_back(torch::nn::Linear(torch::nn::LinearOptions(kWidth, kWidth).bias(false)));
  return net;
}

}  // namespace

int main(int argc, char** argv) {
  const std::filesystem::path folder = argc > 1 ? argv[1] : std::filesystem::temp_directory_path().string();
  const std::int64_t megabytes = argc > 2 ? std::atoll(argv[2]) : 2048;
  const std::string path = folder / "weigh_load_weights.safetensors";
  torch::nn::Sequential net = layers(megabytes);
  std::vector<weigh::NamedTensor> tensors;
  for (const auto& own : net->named_parameters()) tensors.push_back({own.key(), own.value()});
  weigh::save_safetensors(path, tensors);
  const std::size_t size = std::filesystem::file_size(path);
  const auto buffer = std::make_unique<char[]>(size);
  const double in_pieces =
      weigh::bench::best_of(kRuns, [&] { read_file(path, buffer.get(), size, std::size_t{128} * 1024); });
  const double whole = weigh::bench::best_of(kRuns, [&] { read_file(path, buffer.get(), size, size); });
  const double loaded = weigh::bench::best_of(kRuns, [&] { weigh::load_state_dict(*net, path); });
  std::printf("%.4f %.4f %.4f\n", loaded, whole, in_pieces);
  std::filesystem::remove(path);
}
