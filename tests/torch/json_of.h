// Shapes as golden files have them.
#pragma once

#include <nlohmann/json.hpp>

#include "weigh/run.h"

namespace weigh::testing {

// [2, 3], [[2, 3], "?"]; "?" where it is unknown.
inline nlohmann::json json_of(const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return "?";
  nlohmann::json json = nlohmann::json::array();
  for (const Extent extent : shape.extents) json.push_back(extent.size());
  for (const IOShape& item : shape.items) json.push_back(json_of(item));
  return json;
}

}  // namespace weigh::testing
