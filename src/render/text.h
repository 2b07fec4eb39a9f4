// Text that comes from files, made safe to print; widths on a terminal.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace weigh {

// The text with everything escaped that could steer a terminal or deceive a reader: control characters as \x1b or \n,
// bytes that are no UTF-8 as \xff, invisible characters and those that turn the direction of writing as \u202e. Without
// `unicode` everything beyond ASCII. A backslash stays as it is.
std::string printable(std::string_view text, bool unicode = true);

// Columns that the text takes on a terminal (CJK characters take two).
std::size_t display_width(std::string_view text);
// The text filled with blanks to `width` columns.
std::string pad_right(std::string_view text, std::size_t width);
// A bar of ten columns, filled to a share from 0 to 1; what is more than nothing shows.
std::string bar(double share, bool unicode = true);
// The text cut to `width` columns, `ellipsis` at its end where something was cut.
std::string cut_to(std::string_view text, std::size_t width, std::string_view ellipsis);

// Calls `use(code_point, bytes)` for each character; `code_point` is kNoCharacter for a byte that is no UTF-8.
inline constexpr char32_t kNoCharacter = 0xFFFF'FFFF;
template <class Use>
void for_each_character(std::string_view text, Use&& use);

// Decodes the character at the beginning of a non-empty text. Overlong forms, surrogates and stray bytes are none.
struct Character {
  char32_t code_point = kNoCharacter;
  std::size_t length = 1;
};
Character first_character(std::string_view text);

template <class Use>
void for_each_character(std::string_view text, Use&& use) {
  while (!text.empty()) {
    const Character character = first_character(text);
    use(character.code_point, text.substr(0, character.length));
    text.remove_prefix(character.length);
  }
}

}  // namespace weigh
