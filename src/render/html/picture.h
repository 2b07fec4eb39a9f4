// Boxes as SVG: nested <svg> elements, so that each is cut off at its border and its places are shares of what holds
// it.
#pragma once

#include <string>
#include <vector>

#include "render/html/map.h"

namespace weigh {

// The boxes as elements for an <svg> of any width; heights are those of a picture of 1000 x 520 pixels. Names of
// classes: src/render/html/treemap.css. For a page, whose script lays boxes out by parameters, too.
std::string map_elements(const std::vector<MapBox>& boxes);

// Stripes for what is not known.
std::string_view map_patterns();

// A legend for each way of colouring: an entry for each class that occurs, those with most bytes first.
struct LegendEntry {
  char letter = 'x';
  std::string names;
};
std::vector<LegendEntry> legend(const std::vector<MapBox>& boxes, Shade shade);

}  // namespace weigh
