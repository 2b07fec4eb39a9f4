// Node classification with two GATv2Conv(-1, …) layers, the whole way: a summary before anything exists, training with
// validation, the best checkpoint, a test of it.
//
//   gatv2 [--graph karate|digits] [--epochs N] [--output DIR] [--resume CHECKPOINT] [--no-example-input]
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>

#include <torch/torch.h>
#include <weigh/lightning/callbacks.h>
#include <weigh/lightning/model_checkpoint.h>
#include <weigh/lightning/trainer.h>

#include "gatv2/graphs.h"
#include "gatv2/model.h"

namespace {

namespace lightning = weigh::lightning;

struct Arguments {
  std::string graph = "karate";
  std::string output = "gatv2-output";
  std::string resume;
  std::int64_t epochs = 0;  // 0: as many as suit the graph
  bool has_example_input = true;
};

Arguments parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--no-example-input") {
      arguments.has_example_input = false;
      continue;
    }
    if (i + 1 == argc)
      throw std::invalid_argument(
          "usage: gatv2 [--graph karate|digits] [--epochs N] [--output DIR] "
          "[--resume CHECKPOINT] [--no-example-input]");
    const std::string value = argv[++i];
    if (name == "--graph")
      arguments.graph = value;
    else if (name == "--output")
      arguments.output = value;
    else if (name == "--resume")
      arguments.resume = value;
    else if (name == "--epochs")
      arguments.epochs = std::stoll(value);
    else
      throw std::invalid_argument("unknown option " + name);
  }
  return arguments;
}

void run(const Arguments& arguments) {
  const bool is_karate = arguments.graph == "karate";
  const example::Graph graph = is_karate ? example::karate_club() : example::digits();
  torch::manual_seed(1);
  example::GAT net(is_karate ? example::GATOptions{}
                             : example::GATOptions{.channels = 16, .classes = 10, .dropout = 0.2});
  if (arguments.has_example_input) net.example_input(net, graph.x, graph.edge_index);

  auto best = std::make_shared<lightning::ModelCheckpoint>(
      lightning::ModelCheckpoint::Options{.dirpath = arguments.output, .monitor = "val_loss", .save_last = true});
  auto log = std::make_shared<lightning::CSVLogger>(lightning::CSVLogger::Options{.save_dir = arguments.output});
  lightning::Trainer trainer({.max_epochs = arguments.epochs > 0 ? arguments.epochs
                                            : is_karate          ? 100
                                                                 : 60,
                              .log_every_n_steps = 1,
                              .default_root_dir = arguments.output,
                              .callbacks = {best, log}});
  using Batches = std::vector<example::GraphBatch>;
  trainer.fit(net, Batches{graph.train}, Batches{graph.validation}, arguments.resume);
  if (trainer.was_interrupted()) {
    std::cout << "interrupted; to go on: --resume " << best->interrupted_model_path() << '\n';
    return;
  }
  const lightning::Metrics metrics = trainer.test(net, Batches{graph.test}, best->best_model_path());
  std::cout << "best checkpoint: " << std::filesystem::path(best->best_model_path()).filename().string() << '\n'
            << "accuracy on " << graph.test.nodes.size(0) << " nodes it was not trained on: " << metrics.at("test_acc")
            << '\n';
}

}  // namespace

int main(int argc, char** argv) {
  try {
    run(parse(argc, argv));
  } catch (const std::exception& error) {
    std::cerr << "gatv2: " << error.what() << '\n';
    return 2;
  }
}
