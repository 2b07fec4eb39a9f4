// The columns of the table, by key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/units.h"

#include "weigh/render.h"

namespace weigh {

// What a cell may look at.
struct CellContext {
  const Summary& summary;
  NumberStyle style;
  bool has_bars = false;  // beside shares
};

struct BuiltInColumn {
  std::string_view key;
  std::string_view title;
  bool right_aligned;
  std::string (*cell)(const CellContext&, const Row&);
  // Whether it has something to say about this model that the others do not; such columns are shown unasked.
  bool (*is_telling)(const Summary&);
};

// In the order in which they are shown. The first is the name, which the table itself draws as a tree.
const std::vector<BuiltInColumn>& built_in_columns();

// Throws Error(usage) for a key that does not exist.
const BuiltInColumn& built_in_column(std::string_view key);

// What stands for the tensors that the module of this path owns beside its children.
std::string of_own_tensors(std::string path);

// The name of a row's module below that of the row above it in a tree, or of the root where there is none: "conv1",
// "layers.1…60  ×60", "(own tensors)".
std::string row_label(const Model& model, const Row& row, const Row* above, bool unicode);

}  // namespace weigh
