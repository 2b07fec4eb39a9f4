#include "against.h"

#include <vector>

#include <fmt/format.h>

#include "samples.h"

namespace weigh::bench {
namespace {

struct Case {
  std::string what;
  std::string file;
  unsigned rounds;
};

std::vector<Case> cases(const Scratch& scratch) {
  std::vector<Case> all = {{"PyTorch, 500 tensors", scratch.torch_file(500), 201},
                           {"GGUF, 10 GB", scratch.gguf(), 51},
                           {"ONNX, 10 GB", scratch.onnx(), 51},
                           {"1,000 small models", scratch.many_models(1000), 51},
                           {"Kimi-K2-Thinking, 62 shards", scratch.kimi(), 31},
                           {"PyTorch, 200k tensors", scratch.torch_file(200'000), 15}};
  for (const auto& [tensors, name] : kSizes)
    all.push_back({fmt::format("safetensors, {} tensors", name), scratch.safetensors(tensors), 15});
  return all;
}

}  // namespace

void against(Table& table, const Scratch& scratch, const std::string& ours, const std::string& other) {
  for (const Case& each : cases(scratch)) {
    const std::vector<Samples> taken = alternate(each.rounds, {[&] {
                                                                 return run({ours, each.file});
                                                               },
                                                               [&] {
                                                                 return run({other, each.file});
                                                               }});
    const double now = taken[0].seconds();
    const double before = taken[1].seconds();
    table.tell({each.what + ": time", show_seconds(now), show_seconds(before) + " the other", now / before});
    const auto peak = static_cast<double>(taken[0].most_bytes());
    const auto peak_before = static_cast<double>(taken[1].most_bytes());
    table.tell(
        {each.what + ": peak memory", show_bytes(peak), show_bytes(peak_before) + " the other", peak / peak_before});
  }
}

}  // namespace weigh::bench
