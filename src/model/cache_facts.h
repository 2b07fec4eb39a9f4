// What a configuration says of the keys and values of a language model, whatever it calls it, and what that makes of
// each layer. Of a class that is known, what it does by itself stands in for what is left out.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "conventions/layer_kinds.h"

#include "weigh/config.h"

namespace weigh {

// The sizes of one kind of layers; 0: not said.
struct HeadFacts {
  std::uint64_t heads = 0;
  std::uint64_t key_size = 0;
  std::uint64_t value_size = 0;
};

struct CacheFacts {
  std::string model_type;    // of the language model
  std::string whole_type;    // of the whole model; nothing where that is all there is
  std::string architecture;  // a class name
  std::uint64_t layers = 0;
  std::uint64_t query_heads = 0;
  bool repeats_heads = false;  // keys and values are kept for each of them, whatever the tensors are
  HeadFacts heads;             // of all layers that have none of their own
  HeadFacts window_heads;
  HeadFacts full_heads;
  std::vector<std::uint64_t> heads_of_layers;  // one number for each
  std::uint64_t latent = 0;                    // for a token
  std::uint64_t index = 0;                     // for a token
  std::optional<std::uint64_t> window;         // 0: said to be none
  std::uint64_t chunk = 0;
  std::optional<bool> uses_window;
  std::vector<conventions::LayerKind> kinds;  // of the layers, as far as it says; empty: it does not
  std::uint64_t window_period = 0;            // of so many layers one looks back at all, …
  std::uint64_t state_period = 0;             // … or attends
  std::optional<std::uint64_t> state_offset;
  std::optional<std::uint64_t> window_from;
  std::uint64_t shared_layers = 0;   // the last
  std::uint64_t sharing_factor = 0;  // so many layers share
  bool windows_unknown = false;      // there is one, but which layers it is of is not said
  bool has_compressed = false;
  std::optional<bool> is_decoder;
  bool is_encoder_decoder = false;
  bool looks_ahead = false;
};

struct LayerCaches {
  std::vector<CachedLayer> layers;  // sizes may be 0: tensors tell them
  bool windows_known = true;
  bool kinds_said = false;     // by the configuration itself, layer for layer
  bool needs_tensors = false;  // which layers attend only they can tell
  std::string why_not;         // where there are none though the model makes text, or may
};

LayerCaches layer_caches(const CacheFacts& facts);

}  // namespace weigh
