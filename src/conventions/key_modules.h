// Modules of a layer that make what is kept of a text, by their names: their rows are its size.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class KeyModule : std::uint8_t {
  none,
  keys,
  values,
  keys_and_values,  // of one matrix
  queries_too,      // of one matrix
  latent,           // the vector that keys and values are made of
  index,            // of sparse attention
  elsewhere,        // holds some that are not of the text that is made, or are not kept
};

struct KeyModuleRow : Row {
  KeyModule what = KeyModule::none;
};

KeyModule key_module(std::string_view module);

std::span<const KeyModuleRow> key_module_rows();

}  // namespace weigh::conventions
