#include "cli/terminal.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <string>
#include <string_view>

#include <sys/ioctl.h>
#include <unistd.h>

namespace weigh::cli {
namespace {

// The first of the variables that decides about characters (POSIX: 8.2), or "".
std::string locale(const std::function<const char*(const char*)>& variable) {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const char* value = variable(name);
    if (value != nullptr && *value != '\0') return value;
  }
  return "";
}

bool is_utf8(std::string locale) {
  std::transform(locale.begin(), locale.end(), locale.begin(), [](unsigned char c) { return std::tolower(c); });
  return locale.find("utf-8") != std::string::npos || locale.find("utf8") != std::string::npos;
}

}  // namespace

Terminal describe_terminal(const std::function<const char*(const char*)>& variable, bool is_terminal,
                           unsigned window_width) {
  Terminal terminal;
  const std::string characters = locale(variable);
  terminal.unicode = characters.empty() || is_utf8(characters);
  if (!is_terminal) {
    terminal.width = kPipeWidth;
    return terminal;
  }
  const char* no_color = variable("NO_COLOR");
  const char* term = variable("TERM");
  const bool is_dumb = term != nullptr && std::string_view(term) == "dumb";
  terminal.color = (no_color == nullptr || *no_color == '\0') && !is_dumb;
  terminal.width = window_width;
  if (const char* columns = variable("COLUMNS"); columns != nullptr) {
    const std::string_view text = columns;
    std::from_chars(text.data(), text.data() + text.size(), terminal.width);
  }
  return terminal;
}

unsigned window_width() {
  winsize window{};
  return ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) == 0 ? window.ws_col : 0;
}

std::optional<std::uint64_t> source_date(const std::function<const char*(const char*)>& variable) {
  const char* value = variable("SOURCE_DATE_EPOCH");
  if (value == nullptr) return std::nullopt;
  const std::string_view text = value;
  std::uint64_t seconds = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const bool is_number = error == std::errc() && stop == text.data() + text.size();
  return is_number ? std::optional(seconds) : std::nullopt;
}

}  // namespace weigh::cli
