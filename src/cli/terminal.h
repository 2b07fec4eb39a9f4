// What the environment says about the terminal.
#pragma once

#include <functional>

namespace weigh::cli {

struct Terminal {
  bool color = false;
  bool unicode = true;
  unsigned width = 0;  // 0: not a terminal
};

// `variable` is getenv. Colour: a terminal, unless NO_COLOR is set or TERM is "dumb". Width: COLUMNS, else the
// terminal's own. Unicode, unless the locale is set to something else.
Terminal describe_terminal(const std::function<const char*(const char*)>& variable, bool is_terminal,
                           unsigned window_width);

// Of standard output. 0 where there is no window.
unsigned window_width();

}  // namespace weigh::cli
