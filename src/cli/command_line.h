// What the main job and the commands share of their command lines.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/option_rows.h"
#include "cli/run.h"

#include "weigh/render.h"

namespace CLI {
class App;
}

namespace weigh::cli {

// Text that answers the command line by itself: --help, --version, or what is wrong with it.
struct Answer {
  std::string text;
  bool is_error = false;
};

// Says it; the exit code.
int answer(const Answer& answer, const Console& console);

// Parses by what `app` declares. `name` is how its help is asked for: "weigh diff". Nothing where all is well.
std::optional<Answer> parse(CLI::App& app, const std::string& name, const std::vector<std::string>& arguments);

// Of what `app` declares.
std::vector<OptionRow> rows_of(const CLI::App& app);

// An option that takes one of some words, which its row in the help names between bars.
void add_choice(CLI::App& app, const std::string& name, std::string& value, const std::vector<std::string>& words,
                const std::string& description);

// What a screen can show: options of every command that prints tables.
struct Screen {
  std::string color = "auto";     // "auto", "always", "never"
  std::optional<unsigned> width;  // columns; 0: no limit; nothing: the terminal's
  bool ascii = false;
};

void add_screen(CLI::App& app, Screen& screen);
void apply(const Screen& screen, const Console& console, RenderOptions& options);

template <class T>
std::vector<std::string> names(const std::map<std::string, T>& choices) {
  std::vector<std::string> keys;
  keys.reserve(choices.size());
  for (const auto& [key, value] : choices) keys.push_back(key);
  return keys;
}

}  // namespace weigh::cli
