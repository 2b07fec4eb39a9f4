#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "weigh/version.h"

namespace weigh::cli {
namespace {

const std::map<std::string, RenderFormat>& render_formats() {
  static const std::map<std::string, RenderFormat> choices = {{"table", RenderFormat::table},
                                                              {"lightning", RenderFormat::lightning},
                                                              {"json", RenderFormat::json},
                                                              {"csv", RenderFormat::csv},
                                                              {"markdown", RenderFormat::markdown}};
  return choices;
}

const std::map<std::string, SortKey>& sort_keys() {
  static const std::map<std::string, SortKey> choices = {{"definition", SortKey::definition},
                                                         {"name", SortKey::name},
                                                         {"params", SortKey::parameters},
                                                         {"size", SortKey::size}};
  return choices;
}

const std::map<std::string, ColorChoice>& colors() {
  static const std::map<std::string, ColorChoice> choices = {
      {"auto", ColorChoice::automatic}, {"always", ColorChoice::always}, {"never", ColorChoice::never}};
  return choices;
}

template <class T>
std::vector<std::string> names(const std::map<std::string, T>& choices) {
  std::vector<std::string> keys;
  keys.reserve(choices.size());
  for (const auto& [key, value] : choices) keys.push_back(key);
  return keys;
}

// What CLI11 parses into, before it becomes Options.
struct Raw {
  int depth = 1;
  std::string format = "table";
  std::string sort = "definition";
  std::string color = "auto";
  bool no_fold = false;
  std::vector<std::string> sizes;
};

std::vector<GivenSize> read_sizes(const std::vector<std::string>& texts) {
  std::vector<GivenSize> sizes;
  for (const std::string& text : texts) {
    const std::size_t equals = text.rfind('=');  // a name may hold one, a number does not
    if (equals == std::string::npos || equals == 0)
      throw CLI::ValidationError("--set", fmt::format("'{}' is not NAME=SIZE, such as in=16", text));
    GivenSize& size = sizes.emplace_back();
    size.name = text.substr(0, equals);
    const char* const end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data() + equals + 1, end, size.size);
    if (error != std::errc() || stop != end || size.size > Extent::kMax) {
      throw CLI::ValidationError("--set", fmt::format("'{}' is no size for '{}': a whole number from 0 to {}",
                                                      text.substr(equals + 1), size.name, Extent::kMax));
    }
  }
  return sizes;
}

void declare(CLI::App& app, Options& options, Raw& raw) {
  app.set_version_flag("--version", fmt::format("weigh {}", version()), "print the version");
  app.add_option("FILE", options.files, "model files, indices of shards, or directories (of several models: a list)");
  app.add_option("--depth", raw.depth,
                 "levels of modules to show: -1 all, 0 totals only (default: 1, wrappers opened)");
  app.add_option("--format", raw.format, "table, lightning, json, csv or markdown")
      ->check(CLI::IsMember(names(render_formats())));
  app.add_option("--columns", options.render.columns,
                 fmt::format("columns of the table, separated by commas: {}", fmt::join(column_keys(), ", ")))
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--sort", raw.sort, "order of siblings: definition, name, params or size")
      ->check(CLI::IsMember(names(sort_keys())));
  app.add_option("--top", options.summary.top, "only the first N rows, after sorting");
  app.add_option("--filter", options.summary.filter, "only modules whose path holds this, or matches it (* and ?)");
  app.add_option("--set", raw.sizes, "sizes of what is unknown, separated by commas: in=16, conv1.in=16, batch=1")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_flag("--exact", options.render.exact, "1,234,567 instead of 1.23 M");
  app.add_flag("--no-fold", raw.no_fold, "show identical siblings one by one");
  app.add_flag("--strict", options.strict, "exit 1 if anything is not initialised");
  app.add_option("--color", raw.color, "auto, always or never")->check(CLI::IsMember(names(colors())));
  app.add_flag("--ascii", options.ascii, "no characters beyond ASCII");
  app.add_flag("--formats", options.list_formats, "list the file formats that are understood");
  app.footer("Exit codes: 0 done; 1 a check failed (--strict); 2 unreadable input or wrong usage.");
}

// What machines read is whole unless told otherwise: every module, none folded.
bool is_for_machines(RenderFormat format) { return format == RenderFormat::json || format == RenderFormat::csv; }

void settle(const CLI::App& app, const Raw& raw, Options& options) {
  options.render.format = render_formats().at(raw.format);
  options.summary.sort = sort_keys().at(raw.sort);
  options.color = colors().at(raw.color);
  options.sizes = read_sizes(raw.sizes);
  const bool whole = is_for_machines(options.render.format);
  options.summary.fold = !raw.no_fold && !whole;
  if (app.count("--depth") > 0) {
    options.summary.depth = raw.depth;
  } else if (whole) {
    options.summary.depth = -1;
  }
}

}  // namespace

std::variant<Options, Answer> parse(const std::vector<std::string>& arguments) {
  CLI::App app("Tells what a neural network is made of, without loading or executing it.", "weigh");
  Options options;
  Raw raw;
  declare(app, options, raw);
  try {
    std::vector<std::string> reversed(arguments.rbegin(), arguments.rend());
    app.parse(reversed);
    settle(app, raw, options);
  } catch (const CLI::CallForHelp&) {
    return Answer{app.help()};
  } catch (const CLI::CallForVersion&) {
    return Answer{fmt::format("weigh {}\n", version())};
  } catch (const CLI::ParseError& error) {
    return Answer{fmt::format("{}; 'weigh --help' lists the options", error.what()), true};
  }
  if (options.files.empty() && !options.list_formats)
    return Answer{"no file is named; 'weigh FILE' weighs a model file or a directory, 'weigh --help' tells more", true};
  return options;
}

}  // namespace weigh::cli
