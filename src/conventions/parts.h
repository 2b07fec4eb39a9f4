// Parts of a language model that a text token does not pass, by the names of their modules.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class PartKind : std::uint8_t {
  none,
  tower,           // for images and sounds, or what leads from them to the language model
  language_model,  // beside towers
  predicting,      // layers that predict further tokens
  layers,          // holds the layers by their numbers
  tower_word,      // no module: a tower's name holds this word
  bridge_word,     // no module: beside towers, what leads from them to the language model holds this word
};

struct PartRow : Row {
  PartKind kind = PartKind::none;
};

// None of the words: those are asked for by themselves.
PartKind part_kind(std::string_view module);
bool may_be_bridge(std::string_view module);

std::span<const PartRow> part_rows();

}  // namespace weigh::conventions
