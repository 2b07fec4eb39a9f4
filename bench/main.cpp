// Measures weigh against floors and a peer on the same machine at the same time: README.md. Ends with 1 where a limit
// is missed.
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "against.h"
#include "child.h"
#ifdef WEIGH_BENCH_GRAPH
#include "live/rows.h"
#endif
#include "python/rows.h"
#include "samples.h"
#include "scratch.h"
#include "table.h"

namespace weigh::bench {
namespace {

class Bench {
 public:
  Bench(std::string weigh, const std::string& directory) : weigh_(std::move(weigh)), scratch_(directory) {}

  bool run_all() {
    const std::string small = scratch_.torch_file(500);
    const std::string large = scratch_.torch_file(200'000);
    const std::string kimi = scratch_.kimi();
    std::vector<std::string> sizes;
    for (const Size& size : kSizes) sizes.push_back(scratch_.safetensors(size.tensors));
    Table table;
    start(table, small);
    sparse(table, "GGUF", scratch_.gguf());
    sparse(table, "ONNX", scratch_.onnx());
    many(table, scratch_.many_models(1000));
    against_floor(table, kimi);
    diffs(table, kimi);
    values(table, scratch_.weights("a.safetensors"), scratch_.weights("b.safetensors"));
    page(table, kimi);
    against_torch(table, large);
    growth(table, sizes);
    python_rows(table, venv_python(), weigh_, kimi, scratch_.path("numbers.txt"));
#ifdef WEIGH_BENCH_GRAPH
    live(table, python(), scratch_.path("numbers.txt"));
#endif
    return table.all_met();
  }

  void run_against(const std::string& other) const {
    Table table;
    against(table, scratch_, weigh_, other);
  }

 private:
  static std::string python() {
    const char* chosen = std::getenv("WEIGH_BENCH_PYTHON");
    return chosen != nullptr ? chosen : "python3";
  }

  static std::string venv_python() {
    const char* chosen = std::getenv("WEIGH_BENCH_VENV_PYTHON");
    return chosen != nullptr ? chosen : WEIGH_BENCH_VENV;
  }

  Usage weigh(const std::string& path) const { return run({weigh_, path}); }

  void start(Table& table, const std::string& file) const {
    auto ours = [&] { return weigh(file); };
    auto empty = [] { return run({WEIGH_BENCH_EMPTY}); };
    const std::vector<Samples> taken = alternate(201, {ours, empty});
    const double floor = taken[1].seconds();
    table.at_most({"PyTorch, 500 tensors: time", show_seconds(taken[0].seconds()),
                   show_seconds(floor) + " empty program", taken[0].seconds() / floor},
                  3);
    table.memory("PyTorch, 500 tensors: peak memory", taken[0].most_bytes(), 12'000'000);
  }

  void sparse(Table& table, const char* format, const std::string& file) const {
    auto ours = [&] { return weigh(file); };
    auto empty = [] { return run({WEIGH_BENCH_EMPTY}); };
    const std::vector<Samples> taken = alternate(51, {ours, empty});
    const double floor = taken[1].seconds();
    table.at_most({fmt::format("{}, 10 GB: time", format), show_seconds(taken[0].seconds()),
                   show_seconds(floor + 0.005) + " empty program and 5 ms", taken[0].seconds() / (floor + 0.005)},
                  1);
  }

  void many(Table& table, const std::string& directory) const {
    auto ours = [&] { return weigh(directory); };
    auto headers_alone = [&] { return run({WEIGH_BENCH_FLOOR, "--read", directory}); };
    const std::vector<Samples> taken = alternate(51, {ours, headers_alone});
    const double floor = taken[1].seconds();
    table.at_most({"1,000 small models: time", show_seconds(taken[0].seconds()), show_seconds(floor) + " headers read",
                   taken[0].seconds() / floor},
                  1.5);
  }

  void against_floor(Table& table, const std::string& directory) const {
    auto ours = [&] { return weigh(directory); };
    auto headers_alone = [&] { return run({WEIGH_BENCH_FLOOR, directory}); };
    const std::vector<Samples> taken = alternate(31, {ours, headers_alone});
    const double floor = taken[1].seconds();
    table.at_most({"Kimi-K2-Thinking, 62 shards: time", show_seconds(taken[0].seconds()),
                   show_seconds(floor) + " headers alone", taken[0].seconds() / floor},
                  3);
    table.memory("Kimi-K2-Thinking, 62 shards: peak memory", taken[0].most_bytes(), 150'000'000);
  }

  void diffs(Table& table, const std::string& directory) const {
    auto both = [&] { return run({weigh_, "diff", directory, directory}); };
    auto one = [&] { return weigh(directory); };
    const std::vector<Samples> taken = alternate(31, {both, one});
    const double alone = taken[1].seconds();
    table.at_most({"Kimi-K2-Thinking twice: diff", show_seconds(taken[0].seconds()),
                   show_seconds(alone) + " weighing one", taken[0].seconds() / alone},
                  2.2);
  }

  void values(Table& table, const std::string& a, const std::string& b) const {
    auto ours = [&] { return run({weigh_, "diff", "--values", a, b}); };
    auto cmp = [&] { return run({"cmp", a, b}); };
    const std::vector<Samples> taken = alternate(5, {ours, cmp});
    const double peer = taken[1].seconds();
    table.at_most({"2 GiB twice: diff --values", show_seconds(taken[0].seconds()), show_seconds(peer) + " cmp",
                   taken[0].seconds() / peer},
                  1.15);
    table.memory("2 GiB twice: peak memory", taken[0].most_bytes(), 16'000'000);
  }

  void page(Table& table, const std::string& directory) const {
    const std::string written = scratch_.path("page.html");
    auto as_page = [&] { return run({weigh_, directory, "--format", "html"}, written); };
    auto as_table = [&] { return weigh(directory); };
    const std::vector<Samples> taken = alternate(31, {as_page, as_table});
    const double floor = taken[1].seconds();
    table.at_most({"Kimi-K2-Thinking, page of HTML: time", show_seconds(taken[0].seconds()),
                   show_seconds(floor) + " its table", taken[0].seconds() / floor},
                  2);
    table.memory("Kimi-K2-Thinking, page of HTML: peak memory", taken[0].most_bytes(), 150'000'000);
    table.memory("Kimi-K2-Thinking, page of HTML: its bytes", std::filesystem::file_size(written), 1'000'000);
  }

  void against_torch(Table& table, const std::string& file) const {
    const std::string what = "PyTorch, 200k tensors: time";
    if (!succeeds({python(), "-c", "import torch"})) {
      return table.skip(what,
                        fmt::format("{} cannot import torch; WEIGH_BENCH_PYTHON may name one that can", python()));
    }
    const std::string output = scratch_.path("torch-seconds.txt");
    auto ours = [&] { return weigh(file); };
    auto torch_load = [&] {
      Usage usage = run({python(), WEIGH_TORCH_PEER, file}, output);
      std::ifstream(output) >> usage.seconds;
      return usage;
    };
    const std::vector<Samples> taken = alternate(5, {ours, torch_load});
    const double peer = taken[1].seconds();
    table.at_least(
        {what, show_seconds(taken[0].seconds()), show_seconds(peer) + " torch.load", peer / taken[0].seconds()}, 10);
  }

  void growth(Table& table, const std::vector<std::string>& directories) const {
    std::vector<std::function<Usage()>> runs;
    runs.reserve(directories.size());
    for (const std::string& directory : directories) runs.emplace_back([this, directory] { return weigh(directory); });
    const std::vector<Samples> taken = alternate(15, runs);
    for (std::size_t i = 0; i < taken.size(); ++i) {
      const std::string what = fmt::format("safetensors, {} tensors: ", kSizes[i].name);
      table.memory(what + "peak memory", taken[i].most_bytes(), 10'000'000 + 4 * header_bytes(directories[i]));
      if (i == 0) continue;
      auto compare = [&](const char* name, auto show, double now, double before) {
        now /= static_cast<double>(kSizes[i].tensors);
        before /= static_cast<double>(kSizes[i - 1].tensors);
        table.at_most({what + name, show(now), fmt::format("{} at {}", show(before), kSizes[i - 1].name), now / before},
                      1.25);
      };
      compare("time each", show_seconds, taken[i].seconds(), taken[i - 1].seconds());
      compare("memory each", show_bytes, static_cast<double>(taken[i].most_bytes()),
              static_cast<double>(taken[i - 1].most_bytes()));
    }
  }

  std::string weigh_;
  Scratch scratch_;
};

}  // namespace
}  // namespace weigh::bench

int main(int argc, char** argv) {
  std::vector<std::string> arguments(argv + 1, argv + argc);
  std::string other;
  if (arguments.size() > 1 && arguments[0] == "--against") {
    other = arguments[1];
    arguments.erase(arguments.begin(), arguments.begin() + 2);
  }
  if (arguments.size() > 2 || (!arguments.empty() && arguments[0].starts_with("-"))) {
    fmt::print(stderr, "usage: weigh_bench [--against PROGRAM] [WEIGH [SCRATCH]]\n");
    return 2;
  }
  arguments.resize(2);
  const std::string program = arguments[0].empty() ? WEIGH_PROGRAM : arguments[0];
  (void)std::setvbuf(stdout, nullptr, _IOLBF, 0);  // each row is seen as soon as it is known, in a pipe too
  try {
    weigh::bench::Bench bench(program, arguments[1].empty() ? WEIGH_BENCH_DATA : arguments[1]);
    if (other.empty()) return bench.run_all() ? 0 : 1;
    bench.run_against(other);
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "weigh_bench: {}\n", error.what());
    return 2;
  }
}
