// What the configuration beside a model says of it (config.json of Hugging Face, the metadata of a GGUF file), under
// one name for what goes by many. The tensors win where it contradicts them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weigh {

// How weights were packed.
struct Packing {
  unsigned bits = 0;             // of a weight; 0: not said
  std::uint64_t group_size = 0;  // weights that share a scale; 0: not said, or those of a row
};

// How the layers are packed that a library would call so: "re:.*mlp.*" for those whose path the expression matches from
// its beginning, "Linear" for those of a class, or a path.
struct PackingTarget {
  std::string target;
  Packing packing;
};

// Groups of layers may differ; then what differs is left out of what is said of all.
struct QuantizationConfig : Packing {
  std::string method;                                   // by the name that a library gives it: "bitnet"
  std::vector<Packing> groups;                          // each layer is packed as one of these, if there are any
  std::vector<std::pair<std::string, Packing>> layers;  // packed unlike the others, by path; sorted
  std::vector<PackingTarget> targets = {};              // of groups, where they say which layers are theirs
};

// A mixture of experts. Several pools: each token uses experts of one alone, a text token those of the first.
struct ExpertsConfig {
  std::vector<std::uint64_t> pools;  // how many experts each has
  std::uint64_t per_token = 0;       // of a pool, for a token
  std::uint64_t shared = 0;          // that every token uses
  std::uint64_t empty = 0;           // that the router may choose, though they compute nothing
};

// What a layer keeps of a text while it is gone on with.
enum class LayerCache : std::uint8_t {
  none,     // nothing: it does not attend
  full,     // keys and values of all tokens
  window,   // those of the last tokens
  chunked,  // those of the chunk that the token is in
  shared,   // nothing of its own: it takes those of another layer
  latent,   // of latent attention: one vector for a token, of which keys and values are made
  state,    // one size, however long the text is
};

struct CachedLayer {
  LayerCache kind = LayerCache::none;
  bool keeps_state = false;  // of one size, beside keys and values or instead of them
  std::uint64_t heads = 0;
  std::uint64_t key_size = 0;  // of a head; of a latent layer all that is kept for a token
  std::uint64_t value_size = 0;
  std::uint64_t window = 0;       // in tokens; 0: all
  std::uint32_t shared_with = 0;  // the layer whose keys and values it takes
};

// What is kept of a text while it is gone on with, by layer.
struct CacheConfig {
  std::vector<CachedLayer> layers;  // empty: not known, or none of a model that does not make text
  std::uint64_t context = 0;        // longest text, in tokens
  bool windows_known = true;        // false: which layers look back at a window alone is not known
  unsigned element_bytes = 0;
};

// What PEFT says of an adapter: a small model that is added to a large one.
struct AdapterConfig {
  std::string type;  // by PEFT's name, "LORA"
  std::string base;  // the model that it is for: a path, or a name on the hub
  std::optional<std::uint64_t> rank;
  std::optional<double> alpha;       // what is added counts times alpha / rank
  std::vector<std::string> targets;  // names of modules, or one expression for their paths; empty: not said
};

struct Config {
  std::optional<AdapterConfig> adapter;  // of an adapter alone
  QuantizationConfig quantization;
  ExpertsConfig experts;
  CacheConfig cache;
  std::uint64_t layers = 0;             // of the language model
  std::uint64_t predicting_layers = 0;  // behind them, to predict more than one token
  bool tied_embeddings = false;         // the output layer is the embedding
  bool untied_embeddings = false;       // said so, rather than not said
  bool ties_are_told = true;            // false: neither the configuration nor a class that is known says so
  bool ties_both_sides = true;          // false: encoder and decoder have embeddings of their own
  // `model_type` of the whole and of its parts, the whole first. None where the configuration names its authors' own
  // code, whatever type it gives: what that does is not known.
  std::vector<std::string> types;
};

}  // namespace weigh
