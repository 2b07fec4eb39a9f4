// Parts of a checkpoint that are no modules.
#pragma once

#include <string_view>

#include "weigh/model.h"

namespace weigh {

// The optimizer's state: counted, without a place in the tree. The model keeps the name.
inline Section optimizer_state(std::string_view name = {}) {
  Section section;
  section.name = name;
  section.kind = SectionKind::optimizer_state;
  section.root = kNone;
  return section;
}

}  // namespace weigh
