// What configurations call the facts that count: config.json of Hugging Face and its kin, and the metadata of GGUF.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class ConfigFact : std::uint8_t {
  text_object,  // an object that holds what the language model is, of a model of more than text
  model_type,
  layers,
  predicting_layers,  // behind the last, for further tokens
  width,
  heads,
  key_value_heads,
  head_size,
  value_size,    // of a head, where it is not that of a key
  window_heads,  // of layers that look back at a window, where they are unlike the others
  window_head_size,
  window_value_size,
  full_heads,  // of layers that look back at all, where they are unlike the others
  full_head_size,
  index_size,          // of the index that sparse attention keeps for a token
  multi_query,         // whether all heads share one key and value
  many_queries,        // whether that no longer counts
  latent_rank,         // what latent attention keeps for a token and layer, …
  latent_rotary_size,  // … and what it adds for rotary positions
  context,
  window,
  chunk,
  uses_window,         // whether the window counts; where nothing is said, it does
  layer_kinds,         // a word for each layer: layer_kinds.h
  layer_letters,       // a letter for each layer
  layer_blocks,        // an object for each layer
  layers_repeat,       // a word for each layer of a period
  attending_flags,     // a number for each layer, 1 where it attends and 0 where it keeps a state
  window_flags,        // a number for each layer, 1 where it looks back at a window
  chunk_flags,         // a number for each layer, 1 where it looks back at its chunk
  attending_layers,    // the numbers of the layers that attend
  attending_ordinals,  // the same, counted from 1 on
  attention_interval,  // of so many layers one attends, the last
  attention_period,    // the same, by an offset
  attention_offset,
  window_period,   // of so many layers one looks back at all; or a letter for each layer of a period
  window_from,     // the first layer that looks back at a window
  shared_layers,   // the last layers, which take the keys and values of others
  sharing_factor,  // so many layers share keys and values
  compressed,      // says that several tokens have one entry
  is_decoder,
  is_encoder_decoder,
  looks_ahead,  // a model that looks at what follows, too, and keeps nothing
  dtype,
  tied_embeddings,
  experts,
  experts_per_token,
  empty_experts,  // that the router may choose, though they compute nothing
  shared_experts,
  shared_expert_width,  // where this is said, there is one
  packing_method,
  packing_algorithm,  // "W4A16_AWQ"
  packing_bits,
  packing_group_size,
  // Of several packings, one for each name in place of `*`. Bits stand beside the size of groups of the same beginning.
  group_bits,  // each layer is packed as one of these
  group_group_size,
  pattern_bits,  // names are regular expressions of modules
  pattern_group_size,
  bits_beside_patterns,  // of all that no pattern names
  layer_bits,            // names are paths
  layer_group_size,
  count_
};

// Rows of one fact stand side by side, those first that count first where several are there.
struct ConfigKeyRow : Row {
  ConfigFact fact = ConfigFact::count_;
};

// Of config.json, in the order in which they count. Members of objects by their path.
std::span<const std::string_view> config_keys(ConfigFact fact);
// Of GGUF, behind the name of the architecture: "llama.block_count".
std::span<const std::string_view> gguf_keys(ConfigFact fact);

// The texts before and behind the `*` of a key that stands for many.
struct KeyPattern {
  std::string_view begin;
  std::string_view end;
};
KeyPattern key_pattern(std::string_view key);

std::span<const ConfigKeyRow> config_key_rows();
std::span<const ConfigKeyRow> gguf_key_rows();

}  // namespace weigh::conventions
