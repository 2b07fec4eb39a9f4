#include "render/html/treemap.h"

#include <algorithm>
#include <cstddef>
#include <numeric>

namespace weigh {
namespace {

// Of a row along a side of that length: how much longer than wide its worst rectangle is.
double worst_ratio(double largest, double smallest, double sum, double side) {
  return std::max(side * side * largest / (sum * sum), sum * sum / (side * side * smallest));
}

// Where the row that begins at `first` ends: as long as it makes no rectangle worse. `sum` becomes what is in it.
std::size_t end_of_row(const std::vector<double>& areas, std::size_t first, double side, double& sum) {
  sum = areas[first];
  double ratio = worst_ratio(areas[first], areas[first], sum, side);
  std::size_t end = first + 1;
  for (; end < areas.size() && areas[end] > 0; ++end) {
    const double longer = worst_ratio(areas[first], areas[end], sum + areas[end], side);
    if (longer > ratio) break;
    ratio = longer;
    sum += areas[end];
  }
  return end;
}

}  // namespace

std::vector<Rectangle> squarify(const std::vector<double>& areas, const Rectangle& bounds) {
  std::vector<Rectangle> rectangles(areas.size());
  const double all = std::accumulate(areas.begin(), areas.end(), 0.0);
  if (!(all > 0)) return rectangles;
  const double scale = bounds.width * bounds.height / all;
  std::vector<double> scaled = areas;
  for (double& area : scaled) area *= scale;
  Rectangle left = bounds;
  for (std::size_t first = 0; first < scaled.size() && scaled[first] > 0;) {
    const bool is_column = left.width >= left.height;  // rows stand along the shorter side
    const double side = is_column ? left.height : left.width;
    if (!(side > 0)) break;
    double sum = 0;
    const std::size_t end = end_of_row(scaled, first, side, sum);
    const double thickness = sum / side;
    double place = is_column ? left.y : left.x;
    for (; first < end; ++first) {
      const double length = scaled[first] / thickness;
      rectangles[first] =
          is_column ? Rectangle{left.x, place, thickness, length} : Rectangle{place, left.y, length, thickness};
      place += length;
    }
    (is_column ? left.x : left.y) += thickness;
    (is_column ? left.width : left.height) -= thickness;
  }
  return rectangles;
}

}  // namespace weigh
