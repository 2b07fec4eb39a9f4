// What a layer of a language model keeps of the text before it, by the word that a configuration has for the layer.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class LayerKind : std::uint8_t {
  unknown,
  none,        // nothing: the layer does not attend, or takes the keys and values of another
  full,        // keys and values of all tokens
  window,      // those of the last tokens
  chunked,     // those of the chunk that the token is in
  indexed,     // those of all tokens, with an index
  compressed,  // an entry for several tokens
  state,       // one size, however long the text is
  full_and_state,
  window_and_state,
  window_of_answer,  // all of what is asked, a window of what is answered
};

struct LayerKindRow : Row {
  LayerKind kind = LayerKind::unknown;
};

LayerKind layer_kind(std::string_view word);
// By a letter: Nemotron-H's "M*-E" (transformers 5.24), EXAONE 4's and Megatron's "LLLG".
LayerKind layer_kind(char letter);

std::span<const LayerKindRow> layer_kind_rows();

}  // namespace weigh::conventions
