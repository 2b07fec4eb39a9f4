// What the user asked for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.h"

#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh::cli {

enum class ColorChoice : std::uint8_t { automatic, always, never };

struct Options {
  std::vector<std::string> files;
  std::vector<GivenSize> sizes;          // of what is unknown
  std::optional<std::string> explained;  // a module or tensor
  SummaryOptions summary;
  RenderOptions render;
  ColorChoice color = ColorChoice::automatic;
  std::optional<unsigned> width;  // of the table; 0: no limit; nothing: the terminal's
  bool ascii = false;
  bool strict = false;
  bool list_formats = false;
};

std::variant<Options, Answer> parse(const std::vector<std::string>& arguments);

}  // namespace weigh::cli
