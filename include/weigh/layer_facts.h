// What the object of a layer tells of itself, in a pickle or in a live process: from it follows what is known of
// parameters that have no shape yet.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace weigh {

// An attribute that is a whole number, a truth value, or a sequence of them.
struct LayerAttribute {
  enum class Kind : std::uint8_t { number, truth, tuple, list };
  std::string name;  // "out_features"
  Kind kind = Kind::number;
  std::vector<std::int64_t> numbers;  // one for a number or a truth value; empty for a sequence of other things
};

struct LayerFacts {
  struct Class {
    std::string module;  // "torch.nn.modules.linear"
    std::string name;    // "LazyLinear"
  };
  std::vector<Class> classes;  // its own first, then those that it derives from
  std::vector<LayerAttribute> attributes;
};

}  // namespace weigh
