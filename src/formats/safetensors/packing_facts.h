// What the metadata of a safetensors file say of packed weights.
//
//   quant_type, group_size                     of all, or behind a weight's name of that one        (Ollama)
//   _quantization_metadata                     {"layers": {"fc": {"format": "nvfp4"}}}              (ComfyUI)
//   quantization_config                        {"method": "svdquant", "weight": {"dtype": "int4"}}  (Nunchaku)
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "weigh/config.h"

namespace weigh {

// Adds to `config` what is told; a text that is no JSON tells nothing.
void add_packing_facts(const std::vector<std::pair<std::string, std::string>>& metadata, QuantizationConfig& config);

}  // namespace weigh
