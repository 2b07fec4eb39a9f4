#include "python/rows.h"

#include <filesystem>
#include <fstream>
#include <functional>
#include <stdexcept>
#include <utility>
#include <vector>

#include "child.h"
#include "samples.h"

namespace weigh::bench {
namespace {

class Python {
 public:
  Python(Table& table, std::string python, std::string output)
      : table_(table), python_(std::move(python)), output_(std::move(output)) {}

  void import_alone() const {
    auto with = [&] { return run({python_, "-c", "import weighbridge"}); };
    auto without = [&] { return run({python_, "-c", ""}); };
    const std::vector<Samples> taken = alternate(31, {with, without});
    constexpr double kAllowed = 0.04;
    const double added = taken[0].seconds() - taken[1].seconds();
    table_.at_most({"import weighbridge, over an empty Python", show_seconds(added),
                    show_seconds(kAllowed) + " allowed", added / kAllowed},
                   1);
  }

  void wheel() const {
    const std::string what = "wheel";
    std::error_code none;
    for (const auto& file : std::filesystem::directory_iterator(WEIGH_BENCH_WHEELS, none))
      if (file.path().extension() == ".whl") return table_.memory(what, file.file_size(), 5'000'000);
    table_.skip(what, "there is none; `make wheel` builds it");
  }

  void read(const std::string& weigh, const std::string& kimi) const {
    auto ours = [&] {
      Usage usage = run({python_, WEIGH_BENCH_READ, kimi}, output_);
      std::ifstream(output_) >> usage.seconds;
      return usage;
    };
    auto program = [&] { return run({weigh, kimi}); };
    const std::vector<Samples> taken = alternate(11, {ours, program});
    table_.at_most({"weighbridge.read of Kimi-K2-Thinking", show_seconds(taken[0].seconds()),
                    show_seconds(taken[1].seconds()) + " program", taken[0].seconds() / taken[1].seconds()},
                   1.15);
  }

  // Every summary is the first one of its process.
  void faster_than_lightning(const std::string& name, const std::string& model, int depth, double limit,
                             unsigned rounds) const {
    const auto [ours, peer] = compare("lightning", model, depth, rounds);
    table_.at_least({name, show_seconds(ours.seconds()), show_seconds(peer.seconds()) + " Lightning",
                     peer.seconds() / ours.seconds()},
                    limit);
    if (model == "resnet50-32") table_.memory("the same: memory it grows by", ours.most_bytes(), 20'000'000);
  }

  void against_fakes(const std::string& name, const std::string& model, double limit, std::uint64_t bytes) const {
    const auto [ours, peer] = compare("fakes", model, 1, 3);
    table_.at_most({name, show_seconds(ours.seconds()), show_seconds(peer.seconds()) + " FakeTensorMode",
                    ours.seconds() / peer.seconds()},
                   limit);
    table_.memory("the same: memory it grows by", ours.most_bytes(), bytes);
  }

  bool has(const std::string& package, const std::string& row) const {
    const bool imports = succeeds({python_, "-c", "import " + package});
    if (!imports) table_.skip(row, python_ + " cannot import " + package);
    return imports;
  }

 private:
  std::pair<Samples, Samples> compare(const std::string& peer, const std::string& model, int depth,
                                      unsigned rounds) const {
    auto summary_by = [&](const std::string& who) -> std::function<Usage()> {
      return [this, who, model, depth] {
        run({python_, WEIGH_BENCH_SUMMARY, who, model, std::to_string(depth)}, output_);
        Usage usage;
        if (!(std::ifstream(output_) >> usage.seconds >> usage.peak_bytes))
          throw std::runtime_error(std::string(WEIGH_BENCH_SUMMARY) + " printed too little");
        return usage;
      };
    };
    const std::vector<Samples> taken = alternate(rounds, {summary_by("ours"), summary_by(peer)});
    return {taken[0], taken[1]};
  }

  Table& table_;
  std::string python_;
  std::string output_;
};

}  // namespace

void python_rows(Table& table, const std::string& python, const std::string& weigh, const std::string& kimi,
                 const std::string& scratch_file) {
  const Python rows(table, python, scratch_file);
  rows.wheel();
  if (!rows.has("weighbridge", "weighbridge in Python")) return;
  rows.import_alone();
  rows.read(weigh, kimi);
  if (!rows.has("torch", "summaries in Python")) return;
  if (rows.has("lightning", "summaries against Lightning")) {
    rows.faster_than_lightning("ResNet-50 in Python, 1 image: summary", "resnet50-1", 1, 3, 3);
    rows.faster_than_lightning("ResNet-50 in Python, 32 images: summary", "resnet50-32", 1, 50, 1);
    rows.faster_than_lightning("20,000 layers in Python", "layers", 1, 5, 3);
    rows.faster_than_lightning("the same, at all depths", "layers", -1, 5, 3);
    rows.faster_than_lightning("20,000 layers in Python, with an example", "layers-run", 1, 5, 1);
    rows.faster_than_lightning("the same, at all depths", "layers-run", -1, 5, 1);
  }
  if (rows.has("transformers", "Llama of 1.24 G real parameters"))
    rows.against_fakes("Llama of 1.24 G real parameters", "llama", 0.5, 50'000'000);
  if (rows.has("torch_geometric", "GATv2, 1 M nodes of 4,096 features"))
    rows.against_fakes("GATv2, 1 M nodes of 4,096 features", "graph", 1, 400'000'000);
}

}  // namespace weigh::bench
