// The boxes of a treemap: what is in what, how large it is, and what is said of it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/evidence.h"
#include "weigh/limits.h"
#include "weigh/summary.h"

namespace weigh {

enum class Area : std::uint8_t { bytes, parameters };
inline constexpr std::size_t kAreas = 2;

// What a box is coloured by. Each way has a few classes, and a name for each in the legend.
enum class Shade : std::uint8_t { dtype, kind, evidence };
inline constexpr std::size_t kShades = 3;
struct ShadeClass {
  char letter = 'x';
  std::string_view name;  // "bfloat16", "scales"; "" where a box holds several
};

// A row of the summary, a tensor of a row that has none below it, or what had no room ("… 12 more").
struct MapBox {
  std::string label;  // in the box that holds it: "layers.1…60  ×60"
  std::string told;   // all that is to say
  std::array<std::string, kAreas> size_texts;
  std::array<double, kAreas> areas = {};
  std::array<ShadeClass, kShades> shades;
  bool is_known = true;            // false: how large it is in bytes is not known, and its area is more than what is
  std::vector<std::size_t> boxes;  // in it
  std::size_t parent = 0;
};

// The first is the whole model; what holds others stands before them. Empty where the rows are no tree (Summary::flat)
// or nothing has a size. What is tied is drawn once, where it is counted.
std::vector<MapBox> map_of(const Summary& summary, const ReportLimits& limits = {});

}  // namespace weigh
