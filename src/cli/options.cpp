#include "cli/options.h"

#include <algorithm>
#include <charconv>
#include <map>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/commands.h"
#include "cli/option_rows.h"

#include "weigh/version.h"

namespace weigh::cli {
namespace {

const std::map<std::string, RenderFormat>& render_formats() {
  static const std::map<std::string, RenderFormat> choices = {
      {"table", RenderFormat::table}, {"lightning", RenderFormat::lightning}, {"json", RenderFormat::json},
      {"csv", RenderFormat::csv},     {"markdown", RenderFormat::markdown},   {"html", RenderFormat::html},
      {"svg", RenderFormat::svg},     {"cyclonedx", RenderFormat::cyclonedx}, {"spdx", RenderFormat::spdx}};
  return choices;
}

const std::map<std::string, SortKey>& sort_keys() {
  static const std::map<std::string, SortKey> choices = {{"definition", SortKey::definition},
                                                         {"name", SortKey::name},
                                                         {"params", SortKey::parameters},
                                                         {"size", SortKey::size}};
  return choices;
}

std::string footer() {
  std::string text = "Commands:\n";
  for (const Command& command : commands()) text += fmt::format("  {:<35} {}\n", command.usage, command.description);
  std::vector<std::string> codes;
  for (const ExitCodeRow& row : kExitCodes) codes.push_back(fmt::format("{} {}", row.code, row.description));
  return text + fmt::format("\nExit codes: {}.", fmt::join(codes, "; "));
}

// What CLI11 parses into, before it becomes Options.
struct RawOptions {
  int depth = 1;
  std::string format = "table";
  std::string sort = "definition";
  bool no_fold = false;
  std::vector<std::string> sizes;
  std::uint64_t context = 0;
  std::uint64_t batch = 1;
  std::string kv_dtype;
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

// The one table of options: help, manual page and completions come from it.
void declare(CLI::App& app, Options& options, RawOptions& raw) {
  app.set_version_flag("--version", fmt::format("weigh {}", version()), "print the version");
  app.add_option("FILE", options.files, "model files, indices of shards, or directories (of several models: a list)");
  app.add_option("--depth", raw.depth, "levels of modules to show: -1 all, 0 totals only (default: 1, wrappers opened)")
      ->type_name("N");
  add_choice(app, "--format", raw.format, names(render_formats()), "form of the output (default: table)");
  app.add_option("--columns", options.render.columns,
                 fmt::format("columns of the table, separated by commas: {}", fmt::join(column_keys(), ", ")))
      ->type_name("KEY,KEY")
      ->delimiter(',')
      ->allow_extra_args(false);
  add_choice(app, "--sort", raw.sort, names(sort_keys()), "order of siblings (default: definition)");
  app.add_option("--top", options.summary.top, "only the first N rows, after sorting")->type_name("N");
  app.add_option("--filter", options.summary.filter, "only modules whose path holds this, or matches it (* and ?)")
      ->type_name("PATTERN");
  app.add_option("--set", raw.sizes, "sizes of what is unknown, separated by commas: in=16, conv1.in=16, batch=1")
      ->type_name("NAME=SIZE,NAME=SIZE")
      ->delimiter(',')
      ->allow_extra_args(false);
  app.add_option("--explain", options.explained, "how it is known what a module or tensor counts as ('' for all)")
      ->type_name("NAME");
  app.add_option("--context", raw.context, "tokens of a text, of which keys and values are told (default: the longest)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("N");
  app.add_option("--batch", raw.batch, "texts at once, of which keys and values are told (default: 1)")
      ->check(CLI::PositiveNumber.description(""))
      ->type_name("B");
  app.add_option("--kv-dtype", raw.kv_dtype, "what keys and values are stored as (default: what the model computes in)")
      ->check(CLI::IsMember(cache_element_names()).description(""))
      ->type_name(fmt::format("{}", fmt::join(cache_element_names(), "|")));
  app.add_flag("--exact", options.render.exact, "1,234,567 instead of 1.23 M");
  app.add_flag("--no-fold", raw.no_fold, "show identical siblings one by one");
  app.add_flag("--strict", options.strict, "exit 1 if anything is not initialised");
  add_screen(app, options.screen);
  app.add_flag("--formats", options.list_formats, "list the file formats that are understood");
  app.footer(footer());
}

// What machines read is whole unless told otherwise: every module, none folded.
bool is_for_machines(RenderFormat format) { return format == RenderFormat::json || format == RenderFormat::csv; }

// What is opened by a click is there down to the last module.
bool is_opened_later(RenderFormat format) { return format == RenderFormat::html || format == RenderFormat::svg; }

void settle(const CLI::App& app, const RawOptions& raw, Options& options) {
  options.render.format = render_formats().at(raw.format);
  options.summary.sort = sort_keys().at(raw.sort);
  options.sizes = read_sizes(raw.sizes);
  if (app.count("--context") > 0) options.render.cache.context = raw.context;
  options.render.cache.batch = raw.batch;
  options.render.cache.element = cache_element(raw.kv_dtype);
  const bool whole = is_for_machines(options.render.format);
  options.summary.fold = !raw.no_fold && !whole;
  if (app.count("--depth") > 0) {
    options.summary.depth = raw.depth;
  } else if (whole || is_opened_later(options.render.format)) {
    options.summary.depth = -1;
  }
}

}  // namespace

std::vector<OptionRow> option_rows() {
  CLI::App app;
  Options options;
  RawOptions raw;
  declare(app, options, raw);
  return rows_of(app);
}

std::variant<Options, Answer> parse(const std::vector<std::string>& arguments) {
  CLI::App app(std::string(kAbout), "weigh");
  Options options;
  RawOptions raw;
  declare(app, options, raw);
  app.callback([&] { settle(app, raw, options); });
  if (const std::optional<Answer> answer = parse(app, "weigh", arguments)) return *answer;
  if (options.files.empty() && !options.list_formats)
    return Answer{"no file is named; 'weigh FILE' weighs a model file or a directory, 'weigh --help' tells more", true};
  return options;
}

}  // namespace weigh::cli
