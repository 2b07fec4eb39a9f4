// Trees of JAX as models: leaves with the names that lead to them become tensors, names modules. What stands below
// "opt_state" is the state of an optimizer; where there are "params", other collections of variables are buffers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/builder.h"

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

struct Leaf {
  DType dtype = DType::unknown;
  std::vector<Extent> shape;
  bool has_shape = true;
  std::uint64_t bytes = 0;
  Location location;
};

class NamedLeaves {
 public:
  NamedLeaves(Model& model, const Limits& limits, bool with_locations)
      : model_(model), limits_(limits), builder_(model, limits), with_locations_(with_locations) {}

  // The module of this name in another, made where it is missing. A name may hold '/', which leads deeper.
  Index enter(Index parent, std::string_view name);
  // A leaf of a module. Throws Error(corrupt) for one that was there before.
  void add(Index module, std::string_view name, const Leaf& leaf);
  void add_to_optimizer(const Leaf& leaf);
  static bool is_optimizer(std::string_view name) { return name == "opt_state"; }

  // Adds the section of an optimizer, and tells buffers from parameters. To be called when all is added.
  void finish();

 private:
  Index add_module(Index parent, std::string_view name);

  Model& model_;
  const Limits& limits_;
  ModelBuilder builder_;
  const bool with_locations_;
  std::map<std::pair<Index, std::string>, Index> modules_;
  std::vector<std::uint32_t> depths_;  // by module
  std::uint64_t optimizer_tensors_ = 0;
  std::uint64_t optimizer_bytes_ = 0;
};

}  // namespace weigh
