// Areas become rectangles that fill a rectangle: a squarified treemap.
//
// Bruls, Huizing, van Wijk: Squarified Treemaps. Data Visualization 2000, pages 33-42.
#pragma once

#include <vector>

namespace weigh {

struct Rectangle {
  double x = 0;
  double y = 0;
  double width = 0;
  double height = 0;
};

// One rectangle for each area, in proportion to it, as near to squares as rows of neighbours can be. Requires: areas
// that are not negative, the largest first. An area of 0 has an empty rectangle, and so have all where none is larger.
std::vector<Rectangle> squarify(const std::vector<double>& areas, const Rectangle& bounds);

}  // namespace weigh
