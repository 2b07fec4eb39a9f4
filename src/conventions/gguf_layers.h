// What llama.cpp does by itself with the layers of an architecture: what a GGUF file leaves out.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

struct GgufLayers {
  std::uint32_t period = 0;        // of so many layers the last looks back at all; 0: not known
  std::uint32_t state_period = 0;  // of so many layers the last attends
  bool is_encoder_decoder = false;
  bool is_encoder = false;  // keeps nothing
  bool is_state = false;    // keeps a state of one size alone
};

struct GgufLayersRow : Row {
  GgufLayers layers;
};

GgufLayers gguf_layers(std::string_view architecture);

std::span<const GgufLayersRow> gguf_layers_rows();

}  // namespace weigh::conventions
