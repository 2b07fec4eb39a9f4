// What the configuration beside a model says of it (config.json of Hugging Face, the metadata of a GGUF file), under
// one name for what goes by many. The tensors win where it contradicts them.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weigh {

// How weights were packed.
struct Packing {
  unsigned bits = 0;             // of a weight; 0: not said
  std::uint64_t group_size = 0;  // weights that share a scale; 0: not said, or those of a row
};

// Groups of layers may differ; then what differs is left out of what is said of all.
struct QuantizationConfig : Packing {
  std::string method;                                   // by the name that a library gives it: "bitnet"
  std::vector<Packing> groups;                          // each layer is packed as one of these, if there are any
  std::vector<std::pair<std::string, Packing>> layers;  // packed unlike the others, by path; sorted
};

// A mixture of experts. Several pools: each token uses experts of one alone, a text token those of the first.
struct ExpertsConfig {
  std::vector<std::uint64_t> pools;  // how many experts each has
  std::uint64_t per_token = 0;       // of a pool, for a token
  std::uint64_t shared = 0;          // that every token uses
};

// What is kept of each token while text is made.
struct CacheConfig {
  std::uint64_t layers = 0;           // that attend, and so keep something
  std::uint64_t key_value_heads = 0;  // of each layer
  std::uint64_t head_size = 0;
  std::uint64_t latent = 0;  // of latent attention, which keeps this for a token and layer instead of keys and values
  std::uint64_t window = 0;  // what sliding layers look back at, in tokens
  std::uint64_t sliding_layers = 0;
  std::uint64_t context = 0;  // longest text, in tokens
  unsigned element_bytes = 0;
};

struct Config {
  QuantizationConfig quantization;
  ExpertsConfig experts;
  CacheConfig cache;
  std::uint64_t layers = 0;             // of the language model
  std::uint64_t predicting_layers = 0;  // behind them, to predict more than one token
  bool tied_embeddings = false;
  bool untied_embeddings = false;  // said so, rather than not said
};

}  // namespace weigh
