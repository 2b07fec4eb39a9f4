// The configuration of a Keras model: which layers it has, of which class, with which settings.
//
//   {"module": "keras", "class_name": "Sequential", "registered_name": null, "build_config": {"input_shape": […]},
//    "config": {"name": …, "trainable": true, "dtype": {…}, "layers": [layers like this one …]}}
//
// Wrappers hold a layer under a key of their configuration: {"layer": {…}}. What Keras makes of itself when it loads
// such a configuration is made here, too: the two directions of a Bidirectional, the cell of an LSTM.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/count.h"
#include "weigh/limits.h"

namespace weigh::keras {

struct ConfigNode {
  std::string key;  // under which its parent holds it: "layers" for one of a model's layers, "forward_layer"
  std::string class_name;
  std::string name;
  bool is_layer = false;   // it has a class and a name
  bool is_custom = false;  // of a class that is not Keras's own
  bool is_model = false;   // it lists layers
  bool trainable = true;   // it and all above it
  bool is_built = false;   // its shapes were known when it was saved
  std::string dtype;       // of its variables, where it is said: "float32"
  std::string quantization;
  std::map<std::string, std::string, std::less<>> settings;  // those that tell shapes, as JSON
  std::vector<std::optional<std::uint64_t>> input_shape;     // empty where it is not recorded
  std::vector<std::size_t> children;

  // The setting is a number, or true.
  std::optional<std::uint64_t> number(std::string_view setting) const;
  bool is_true(std::string_view setting, bool otherwise) const;
  // A list of numbers; empty where it is none, or holds something else.
  std::vector<std::uint64_t> numbers(std::string_view setting) const;
};

// [0] is the model. `place` is where the text is from: "config.json". Throws Error(corrupt, limit).
std::vector<ConfigNode> read_model_config(const std::string& text, std::string_view source, const Limits& limits);

}  // namespace weigh::keras
