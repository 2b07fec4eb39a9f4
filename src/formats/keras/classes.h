// Keras's own layers: what their variables are called, in the order in which a file holds them (trainable ones first),
// which of them no optimizer changes, and what the configuration tells of their shapes.
// keras/src/layers of Keras 3.15; Keras 2 agrees, but for names that it has of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "formats/keras/config.h"

namespace weigh::keras {

// An extent that is known, or the name of one that is not.
struct Dimension {
  std::uint64_t size = 0;
  std::string unknown;
};

struct Variable {
  std::string_view name;
  bool is_state = false;  // a statistic that no gradient changes: a buffer
  // Of the wrapped layer's kernel, which SpectralNormalization keeps a second time.
  bool is_of_layer = false;
  std::optional<std::vector<Dimension>> shape;  // nothing where not even the rank is known
};

// Of a layer that has these settings; none where the class is not known or has none.
std::vector<Variable> variables_of(const ConfigNode& node);
// Of a layer of which nothing is known but its class, and that so many variables are kept. Names that are not sure are
// left out: "".
std::vector<Variable> variables_of_class(std::string_view class_name, std::size_t count);

// "multi_head_attention" for MultiHeadAttention: how Keras numbers layers in a file, and names them.
std::string snake_case(std::string_view class_name);
// The class of which this is the name in snake case, "dense_1" too; "" where it is none that is known.
std::string_view class_of_name(std::string_view name);

// Adds to the list what Keras makes of the node when it loads it: a cell, the directions of a Bidirectional, the
// projections of an attention.
void expand(std::vector<ConfigNode>& nodes, std::size_t node);

}  // namespace weigh::keras
