// What the user asked for.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "cli/command_line.h"

#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh::cli {

struct Options {
  std::vector<std::string> files;
  std::vector<GivenSize> sizes;          // of what is unknown
  std::optional<std::string> explained;  // a module or tensor
  SummaryOptions summary;
  RenderOptions render;
  Screen screen;
  bool strict = false;
  bool list_formats = false;
};

std::variant<Options, Answer> parse(const std::vector<std::string>& arguments);

}  // namespace weigh::cli
