#include "render/text.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace weigh {
namespace {

struct Range {
  char32_t first, last;
};

// Characters that do not show, or that turn the direction of what follows.
constexpr std::array kDeceptive = {
    Range{0x00AD, 0x00AD},    // soft hyphen
    Range{0x061C, 0x061C},    // Arabic letter mark
    Range{0x115F, 0x1160},    // Hangul fillers
    Range{0x180E, 0x180E},    // Mongolian vowel separator
    Range{0x200B, 0x200F},    // zero width characters, direction marks
    Range{0x2028, 0x202E},    // line separators, direction overrides
    Range{0x2060, 0x206F},    // word joiner, isolates
    Range{0x3164, 0x3164},    // Hangul filler
    Range{0xFE00, 0xFE0F},    // variation selectors
    Range{0xFEFF, 0xFEFF},    // byte order mark
    Range{0xFFA0, 0xFFA0},    // halfwidth Hangul filler
    Range{0xFFF9, 0xFFFB},    // annotations
    Range{0xFFFE, 0xFFFF},    // no characters, which XML does not allow
    Range{0xE0000, 0xE0FFF},  // tags
};

// East Asian wide and fullwidth characters, and the emoji: Unicode's EastAsianWidth.txt, in blocks.
constexpr std::array kWide = {
    Range{0x1100, 0x115F},   Range{0x2E80, 0x303E},   Range{0x3041, 0xA4CF},   Range{0xAC00, 0xD7A3},
    Range{0xF900, 0xFAFF},   Range{0xFE30, 0xFE6F},   Range{0xFF00, 0xFF60},   Range{0xFFE0, 0xFFE6},
    Range{0x1F300, 0x1F64F}, Range{0x1F680, 0x1F6FF}, Range{0x1F900, 0x1F9FF}, Range{0x20000, 0x3FFFD},
};

template <class Ranges>
bool holds(const Ranges& ranges, char32_t c) {
  return std::any_of(ranges.begin(), ranges.end(), [c](Range r) { return c >= r.first && c <= r.last; });
}

bool is_plain(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c >= 0x20 && c < 0x7F; });
}

void escape(std::string& out, char32_t c, std::string_view bytes) {
  switch (c) {
    case '\n': out += "\\n"; return;
    case '\r': out += "\\r"; return;
    case '\t': out += "\\t"; return;
    default: break;
  }
  auto to = std::back_inserter(out);
  const auto number = static_cast<std::uint32_t>(c);
  if (c == kNoCharacter || c < 0x80) {
    fmt::format_to(to, "\\x{:02x}", static_cast<unsigned char>(bytes[0]));
  } else if (c <= 0xFFFF) {
    fmt::format_to(to, "\\u{:04x}", number);
  } else {
    fmt::format_to(to, "\\U{:08x}", number);
  }
}

bool is_continuation(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80; }

}  // namespace

Character first_character(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text[0]);
  if (lead < 0x80) return {lead, 1};
  const std::size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < length) return {};
  char32_t c = lead & (0x7FU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(text[i])) return {};
    c = c << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  const bool overlong = (length == 3 && c < 0x800) || (length == 4 && c < 0x10000);
  const bool surrogate = c >= 0xD800 && c <= 0xDFFF;
  if (overlong || surrogate || c > 0x10FFFF) return {};
  return {c, length};
}

std::string printable(std::string_view text, bool unicode) {
  if (is_plain(text)) return std::string(text);
  std::string out;
  for_each_character(text, [&](char32_t c, std::string_view bytes) {
    const bool is_control = c < 0x20 || (c >= 0x7F && c < 0xA0);
    const bool is_foreign = !unicode && c >= 0x80;
    if (is_control || is_foreign || c == kNoCharacter || holds(kDeceptive, c)) {
      escape(out, c, bytes);
    } else {
      out += bytes;
    }
  });
  return out;
}

std::size_t display_width(std::string_view text) {
  if (is_plain(text)) return text.size();
  std::size_t width = 0;
  for_each_character(text, [&](char32_t c, std::string_view) { width += holds(kWide, c) ? 2 : 1; });
  return width;
}

std::string pad_right(std::string_view text, std::size_t width) {
  std::string out(text);
  out.append(width - std::min(width, display_width(text)), ' ');
  return out;
}

std::string bar(double share, bool unicode) {
  constexpr std::size_t kWidth = 10;
  constexpr std::array<std::string_view, 8> kEighths = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  const std::size_t steps = unicode ? kEighths.size() : 1;
  const double filled = std::clamp(share, 0.0, 1.0) * static_cast<double>(kWidth * steps);
  const auto parts = std::max(static_cast<std::size_t>(filled + 0.5), static_cast<std::size_t>(share > 0));
  std::string out;
  for (std::size_t i = 0; i < parts / steps; ++i) out += unicode ? "█" : "#";
  if (unicode) out += kEighths[parts % steps];
  return pad_right(out, kWidth);
}

std::string cut_to(std::string_view text, std::size_t width, std::string_view ellipsis) {
  if (display_width(text) <= width) return std::string(text);
  const std::size_t room = width - std::min(width, display_width(ellipsis));
  std::string out;
  std::size_t used = 0;
  bool full = false;
  for_each_character(text, [&](char32_t c, std::string_view bytes) {
    used += holds(kWide, c) ? 2 : 1;
    full = full || used > room;
    if (!full) out += bytes;
  });
  return out += ellipsis;
}

}  // namespace weigh
