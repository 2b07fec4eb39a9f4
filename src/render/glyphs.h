// The characters beyond ASCII that the program prints, and what stands in for them.
#pragma once

#include <string_view>

namespace weigh {

struct Glyphs {
  std::string_view at_least;  // before a lower bound
  std::string_view at_most;   // before an upper one
  std::string_view times;     // how many identical siblings a row stands for
  std::string_view dot;       // between facts of a line; a product
  std::string_view ellipsis;  // a range of siblings; what was cut off
  std::string_view branch;    // the tree
  std::string_view last_branch;
  std::string_view trunk;
  std::string_view rule;
  std::string_view arrow;  // from one to another
};

inline constexpr Glyphs kUnicode = {"≥", "≤", "×", "·", "…", "├ ", "└ ", "│ ", "─", "→"};
inline constexpr Glyphs kAscii = {">=", "<=", "x", "*", "...", "|- ", "`- ", "|  ", "-", "->"};

constexpr const Glyphs& glyphs(bool unicode) { return unicode ? kUnicode : kAscii; }

}  // namespace weigh
