// Numbers for people: counts and bytes in units of 1000, counts with unknown extents as expressions or lower bounds.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "render/glyphs.h"

#include "weigh/model.h"
#include "weigh/summary.h"

namespace weigh {

struct NumberStyle {
  bool exact = false;  // 1,234,567 instead of 1.23 M
  bool unicode = true;
  bool commas = true;  // in exact numbers
};

// "1,234,567"
std::string with_commas(std::uint64_t number);

// "9,999", "12.3 K", "1.03 T" with that many digits; never a rounding up to the next unit ("999,999" is "1.00 M").
std::string human(std::uint64_t number, int digits = 3);
// "999 B", "12.3 kB", "594 GB": powers of 1000.
std::string human_bytes(std::uint64_t bytes, int digits = 3);

// A count: "1.23 M"; "64·in + 64" where its unknown extents can be told apart by name and it is short enough to read;
// else a lower bound, "≥ 50"; "?" where nothing at all is known. `within` is the path of the module that is counted.
std::string count_text(const Model& model, const Count& count, NumberStyle style, std::string_view within = "");
// Never an expression: "≥ 50".
std::string total_text(const Count& count, NumberStyle style, int digits = 3);
std::string bytes_text(const Count& bytes, NumberStyle style, int digits = 3);

// Bytes of what is counted, in bits for each of its parameters: "4.63"; "" where either is not exact, or there are
// none.
std::string bits_text(const Tally& tally);

// The exact polynomial, its symbols called by name, or by layer (from `within` on) and name where one name means
// several: "8·conv1.in + 16·fc.in + 50". "" for a count of which some factor has no name.
std::string expression(const Model& model, const Count& count, NumberStyle style, std::string_view within = "");

}  // namespace weigh
