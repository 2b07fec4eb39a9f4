#include "live/rows.h"

#include <algorithm>
#include <fstream>
#include <stdexcept>
#include <vector>

#include "child.h"

namespace weigh::bench {
namespace {

class Live {
 public:
  Live(Table& table, std::string python, std::string output)
      : table_(table), python_(std::move(python)), output_(std::move(output)) {}

  void run_all() {
    llama70b();
    mixture();
    against_forward_and_lightning("resnet50", "ResNet-50, 32 images", true);
    against_forward_and_lightning("llama", "Llama of 12 layers, 512 tokens", false);
    graph();
    weights();
    trainer();
  }

 private:
  // The numbers that a program prints.
  std::vector<double> numbers(const Command& command, std::size_t count) const {
    run(command, output_);
    std::vector<double> values(count);
    std::ifstream file(output_);
    for (double& value : values)
      if (!(file >> value)) throw std::runtime_error(command[0] + " printed too little");
    return values;
  }

  void llama70b() {
    const std::vector<double> taken = numbers({WEIGH_BENCH_DRY_RUNS, "llama70b"}, 4);
    const std::string what = "Llama of 69 G parameters, built and run dry";
    table_.at_most({what, show_seconds(taken[0]), "0.3 s allowed", taken[0] / 0.3}, 1);
    table_.memory("the same: memory it grows by", static_cast<std::uint64_t>(taken[3]), 64 << 20);
  }

  void mixture() {
    const std::vector<double> taken = numbers({WEIGH_BENCH_DRY_RUNS, "mixture"}, 4);
    const std::string what = "32 layers of 64 experts, routed: dry run";
    table_.at_most({what, show_seconds(taken[1]), "50 ms allowed", taken[1] / 0.05}, 1);
    table_.memory("the same: memory it grows by", static_cast<std::uint64_t>(taken[3]), 20'000'000);
  }

  void against_forward_and_lightning(const std::string& model, const std::string& name, bool has_limit) {
    const std::vector<double> taken = numbers({WEIGH_BENCH_DRY_RUNS, model}, 4);
    const Row row{name + ": dry run", show_seconds(taken[1]), show_seconds(taken[2]) + " real forward",
                  taken[2] / taken[1]};
    has_limit ? table_.at_least(row, 100) : table_.at_least(row, 1);
    if (!succeeds({python_, "-c", "import lightning"}))
      return table_.skip(name + ": summary", python_ + " cannot import lightning");
    const std::vector<double> peer = numbers({python_, WEIGH_LIGHTNING_PEER, model}, 2);
    const char* devices[] = {" Lightning", " Lightning on meta"};
    for (std::size_t i = 0; i < 2; ++i)
      table_.at_least(
          {name + ": summary", show_seconds(taken[1]), show_seconds(peer[i]) + devices[i], peer[i] / taken[1]}, 10);
  }

  void graph() {
    const std::string name = "GATv2Conv, 2 M edges, there and back";
    if (!succeeds({python_, "-c", "import torch_geometric"}))
      return table_.skip(name, python_ + " cannot import torch_geometric");
    const std::vector<double> ours = numbers({WEIGH_BENCH_GRAPH}, 2);
    const std::vector<double> peer = numbers({python_, WEIGH_GRAPH_PEER}, 2);
    table_.at_most({name + ": time", show_seconds(ours[0]), show_seconds(peer[0]) + " PyG", ours[0] / peer[0]}, 1);
    table_.at_most({name + ": memory", show_bytes(ours[1]), show_bytes(peer[1]) + " PyG", ours[1] / peer[1]}, 1);
  }

  // The file is made and removed beside the program's output.
  void weights() {
    const std::string folder = output_.substr(0, output_.rfind('/'));
    const std::vector<double> taken = numbers({WEIGH_BENCH_LOAD_WEIGHTS, folder}, 3);
    const std::string name = "safetensors of 2 GB into a module";
    table_.at_most({name, show_seconds(taken[0]), show_seconds(taken[1]) + " read()", taken[0] / taken[1]}, 1.2);
  }

  void trainer() {
    // The best of several processes: where memory happens to lie makes a third of a convolution's time, for a process.
    std::vector<double> taken = numbers({WEIGH_BENCH_TRAINER}, 6);
    for (int i = 1; i < 4; ++i) {
      const std::vector<double> next = numbers({WEIGH_BENCH_TRAINER}, 6);
      std::transform(taken.begin(), taken.end(), next.begin(), taken.begin(),
                     [](double a, double b) { return std::min(a, b); });
    }
    table_.at_most({"a CNN, a step under Trainer", show_seconds(taken[1]), show_seconds(taken[0]) + " loop by hand",
                    taken[1] / taken[0]},
                   1.02);
    table_.at_most({"the same with TensorBoard and a profiler", show_seconds(taken[2]),
                    show_seconds(taken[0]) + " loop by hand", taken[2] / taken[0]},
                   1.05);
    constexpr double kAllowed = 20e-6;
    const double added = taken[4] - taken[3];
    table_.at_most({"a model of nothing, what Trainer adds", show_seconds(added), show_seconds(kAllowed) + " allowed",
                    added / kAllowed},
                   1);
  }

  Table& table_;
  std::string python_;
  std::string output_;
};

}  // namespace

void live(Table& table, const std::string& python, const std::string& scratch_file) {
  Live(table, python, scratch_file).run_all();
}

}  // namespace weigh::bench
