#include "cli/command_line.h"

#include <algorithm>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/text.h"

#include "weigh/version.h"

namespace weigh::cli {

int answer(const Answer& answer, const Console& console) {
  if (!answer.is_error) {
    console.out(answer.text);
    return kDone;
  }
  console.err(fmt::format("weigh: {}\n", printable(answer.text, console.unicode)));
  return kUnusable;
}

std::optional<Answer> parse(CLI::App& app, const std::string& name, const std::vector<std::string>& arguments) {
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Answer{fmt::format("weigh {}\n", version())};
  } catch (const CLI::ParseError& error) {
    return Answer{fmt::format("{}; '{} --help' lists the options", error.what(), name), true};
  }
  return std::nullopt;
}

std::vector<OptionRow> rows_of(const CLI::App& app) {
  std::vector<OptionRow> rows;
  for (const CLI::Option* option : app.get_options()) {
    OptionRow& row = rows.emplace_back();
    for (const std::string& name : option->get_snames()) row.names.push_back("-" + name);
    for (const std::string& name : option->get_lnames()) row.names.push_back("--" + name);
    if (row.names.empty()) row.names.push_back(option->get_name());
    if (option->get_items_expected_max() > 0) row.argument = option->get_type_name();
    row.description = option->get_description();
  }
  return rows;
}

void add_choice(CLI::App& app, const std::string& name, std::string& value, const std::vector<std::string>& words,
                const std::string& description) {
  app.add_option(name, value, description)
      ->check(CLI::IsMember(words).description(""))
      ->type_name(fmt::format("{}", fmt::join(words, "|")));
}

void add_screen(CLI::App& app, Screen& screen) {
  add_choice(app, "--color", screen.color, {"always", "auto", "never"}, "colours (default: auto, on a terminal)");
  app.add_option("--width", screen.width,
                 "columns of the screen that a table may take; 0: no limit (default: the terminal's, 160 in a pipe)")
      ->type_name("N");
  app.add_flag("--ascii", screen.ascii, "no characters beyond ASCII");
}

void apply(const Screen& screen, const Console& console, RenderOptions& options) {
  options.color = screen.color == "always" || (screen.color == "auto" && console.color);
  options.unicode = console.unicode && !screen.ascii;
  options.width = screen.width.value_or(console.width);
}

std::vector<std::string> OptionRow::words() const {
  std::vector<std::string> words;
  if (argument.find('|') == std::string::npos) return words;
  for (std::size_t begin = 0; begin <= argument.size();) {
    const std::size_t end = std::min(argument.find('|', begin), argument.size());
    words.push_back(argument.substr(begin, end - begin));
    begin = end + 1;
  }
  return words;
}

}  // namespace weigh::cli
