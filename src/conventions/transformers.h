// What model classes of transformers do by themselves, by `model_type` of config.json: what a file leaves out.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "conventions/layer_kinds.h"

namespace weigh::conventions {

// The version that was asked.
std::string_view transformers_version();
// Whether it has the type.
bool is_known_type(std::string_view model_type);

// The type of a class by its name, "Qwen2ForCausalLM"; "" where none is called so.
std::string_view type_of_class(std::string_view name);

// Whether the output layer is the embedding where the configuration does not say. Nothing of a type that is not known,
// or has no such key.
std::optional<bool> tied_by_default(std::string_view model_type);

enum class KeepsKeys : std::uint8_t {
  unknown,
  no,          // encoders, classifiers
  if_decoder,  // only where the configuration says is_decoder
  state,       // a state of one size, and neither keys nor values
  yes,
};
KeepsKeys keeps_keys_and_values(std::string_view model_type);

// How the kinds of layers repeat where the configuration has no list of them.
struct LayerPattern {
  std::vector<LayerKind> period;  // empty where nothing is known, or they do not repeat
  std::string_view period_key;    // a key of the configuration that says how long the period is, or from which layer on
                                  // the others slide; "" where there is none
};
LayerPattern layer_pattern(std::string_view model_type);

// Floating-point buffers of the state dict of a type, or of a class of diffusers, each behind the name of the module
// that holds it: "gate.e_score_correction_bias".
std::vector<std::string_view> persistent_buffers(std::string_view name);

// Every type that is known, in order.
std::vector<std::string_view> transformers_types();

}  // namespace weigh::conventions
