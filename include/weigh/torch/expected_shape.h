// What a layer knows of its tensors before they have a shape: a summary without an example input shows 64·in + 64.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weigh::nn {

// One size of a shape: a number, or what it is the size of, "in".
struct ExpectedSize {
  ExpectedSize(std::int64_t size) : size(size) {}            // NOLINT(google-explicit-constructor): {8, "in"}
  ExpectedSize(const char* name) : name(name) {}             // NOLINT(google-explicit-constructor)
  ExpectedSize(std::string name) : name(std::move(name)) {}  // NOLINT(google-explicit-constructor)

  bool is_known() const { return size >= 0; }

  std::int64_t size = -1;
  std::string name;
};
using ExpectedShape = std::vector<ExpectedSize>;

// Base of layers that know something of it.
class ExpectsShapes {
 public:
  virtual ~ExpectsShapes() = default;
  // Of one of its own tensors; nothing where not even the rank is known. A name means one number in the layer.
  virtual std::optional<ExpectedShape> expected_shape(const std::string& tensor) const = 0;
};

// Base of layers with children that take what the layer itself takes: what none of them knows of it, "in", is one
// number, not one for each.
class PassesInput {
 public:
  virtual ~PassesInput() = default;
  virtual bool passes_input_to(const std::string& child) const = 0;
};

}  // namespace weigh::nn
