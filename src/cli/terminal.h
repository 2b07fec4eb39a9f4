// What the environment says about the terminal, and about the time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>

namespace weigh::cli {

// Of the table where nobody tells: in a pipe, a file or a log. Wide enough for shapes, and still to be read.
inline constexpr unsigned kPipeWidth = 160;

struct Terminal {
  bool color = false;
  bool unicode = true;
  unsigned width = 0;  // 0: a terminal that does not tell
};

// `variable` is getenv. Colour: a terminal, unless NO_COLOR is set or TERM is "dumb". Width: COLUMNS, else the
// terminal's own. Unicode, unless the locale is set to something else.
Terminal describe_terminal(const std::function<const char*(const char*)>& variable, bool is_terminal,
                           unsigned window_width);

// Of standard output. 0 where there is no window.
unsigned window_width();

// SOURCE_DATE_EPOCH, seconds since 1970: reproducible-builds.org/specs/source-date-epoch. Nothing where it is not set,
// or is no number.
std::optional<std::uint64_t> source_date(const std::function<const char*(const char*)>& variable);

}  // namespace weigh::cli
