// Several models as one: each becomes a module of its own below the root, and a section.
#pragma once

#include <string_view>

#include "weigh/limits.h"
#include "weigh/model.h"

namespace weigh {

class Joined {
 public:
  // Both must outlive it. Requires: the model has neither modules nor tensors yet.
  Joined(Model& model, const Limits& limits) : model_(model), limits_(limits) {}

  // Puts all of `part` below a new child of the root. Its class is `type`, where the part does not know better. Facts
  // and notes are told to be the part's; its bytes are added. Throws Error(limit).
  void add(Model part, std::string_view name, std::string_view type);

  // A part of which only the name and class are known: it counts as one tensor without a shape, so that the totals are
  // lower bounds.
  void add_unknown(std::string_view name, std::string_view type);

  std::size_t parts() const { return parts_; }

 private:
  // Where the arrays of a part begin in those of the whole.
  struct Shift {
    Index modules, tensors, extents, symbols, files;
  };
  Index add_root(std::string_view name, std::string_view type);
  void add_modules(Model& part, Index root, const Shift& shift);
  void add_tensors(Model& part, const Shift& shift);
  void add_section(Section section);
  void add_sections(const Model& part, std::string_view name, const Shift& shift);
  void add_facts(Model& part, std::string_view name);
  void add_config(const Config& config);

  Model& model_;
  const Limits& limits_;
  std::size_t parts_ = 0;
};

}  // namespace weigh
