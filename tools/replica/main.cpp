// Makes models without weights, as large as the largest: real headers and sparse files.
#include <cstdio>
#include <exception>
#include <string>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "replica/pattern.h"
#include "replica/shards.h"
#include "replica/torch_zip.h"

int main(int argc, char** argv) {
  namespace replica = weigh::replica;
  CLI::App app("Makes replicas of models: real headers, holes where the weights would be.");
  std::string pattern;
  std::string output;
  unsigned shards = 0;
  std::size_t tensors = 0;
  bool torch = false;
  app.add_option("pattern", pattern, "a file of tests/data/seed_models; left out with --tensors");
  app.add_option("-o,--output", output, "directory to make, or the file with --torch")->required();
  app.add_option("--shards", shards, "how many; else as published, or as 10 GB each ask for");
  CLI::Option* made_up = app.add_option("--tensors", tensors, "a made-up model with so many tensors");
  app.add_flag("--torch", torch, "a PyTorch file instead of safetensors")->needs(made_up);
  CLI11_PARSE(app, argc, argv);
  try {
    if (torch) {
      replica::write_torch_zip(output, tensors);
      return 0;
    }
    const replica::Written written = replica::write_shards(
        tensors > 0 ? replica::synthetic_pattern(tensors) : replica::read_pattern(pattern), output, shards);
    fmt::print("{} tensors, {} payload bytes, {} header bytes, {} shards\n", written.tensors, written.payload_bytes,
               written.header_bytes, written.shards);
  } catch (const std::exception& error) {
    fmt::print(stderr, "weigh_replica: {}\n", error.what());
    return 2;
  }
}
