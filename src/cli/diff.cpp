#include "cli/diff.h"

#include <exception>
#include <future>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "render/text.h"

#include "weigh/diff.h"

namespace weigh::cli {
namespace {

constexpr std::size_t kMostLines = 100;

struct DiffChoices {
  std::string a;
  std::string b;
  DiffOptions diff;
  Screen screen;
  RenderOptions render;
  std::string format = "table";
  std::vector<std::string> maps;
  bool no_fold = false;
  std::size_t top = kMostLines;
};

const std::map<std::string, RenderFormat>& diff_formats() {
  static const std::map<std::string, RenderFormat> choices = {{"table", RenderFormat::table},
                                                              {"json", RenderFormat::json},
                                                              {"markdown", RenderFormat::markdown},
                                                              {"html", RenderFormat::html}};
  return choices;
}

std::string without_dot(std::string prefix) {
  if (prefix.ends_with('.')) prefix.pop_back();
  return prefix;
}

std::vector<PrefixMap> read_maps(const std::vector<std::string>& texts) {
  std::vector<PrefixMap> maps;
  for (const std::string& text : texts) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos)
      throw CLI::ValidationError("--map", fmt::format("'{}' is not OLD=NEW, such as model=base_model.model", text));
    maps.push_back({without_dot(text.substr(0, equals)), without_dot(text.substr(equals + 1))});
  }
  return maps;
}

void declare(CLI::App& app, DiffChoices& options) {
  app.add_option("A", options.a, "a model file, an index of shards, or a directory")->required();
  app.add_option("B", options.b, "another, of any format")->required();
  app.add_option("--map", options.maps, "names of A that begin with OLD begin with NEW in B, which is no difference")
      ->type_name("OLD=NEW")
      ->allow_extra_args(false);
  app.add_option("--renames", options.diff.least_likeness,
                 "how alike two paths must be, in per cent, to be one that was renamed; 101: none (default: 50)")
      ->type_name("PERCENT");
  app.add_flag("--values", options.diff.values, "compare the weights, too: reads all of both files");
  add_choice(app, "--format", options.format, names(diff_formats()), "form of the output (default: table)");
  app.add_option("--top", options.top, "only the first N differences; 0: all (default: 100)")->type_name("N");
  app.add_flag("--no-fold", options.no_fold, "show the same difference in numbered siblings one by one");
  add_screen(app, options.screen);
  app.footer(
      "Exit codes: 0 equal; 1 different; 2 unreadable input, values that could not be compared, or wrong usage.");
}

void settle(DiffChoices& options) {
  options.diff.maps = read_maps(options.maps);
  options.render.format = diff_formats().at(options.format);
  options.diff.fold = !options.no_fold && options.render.format != RenderFormat::json;
}

// A model, or what to say of one that cannot be had.
struct Reading {
  std::optional<Model> model;
  std::string failure;
};

Reading read(const Console& console, const std::string& path, bool with_locations) {
  try {
    return {with_locations ? console.read_located(path) : console.read(path), ""};
  } catch (const std::bad_alloc&) {
    return {std::nullopt, path + ": needs more memory than there is"};
  } catch (const std::exception& error) {
    return {std::nullopt, error.what()};
  }
}

class DiffJob {
 public:
  DiffJob(DiffChoices options, const Console& console) : options_(std::move(options)), console_(console) {
    apply(options_.screen, console, options_.render);
  }

  int run() {
    const bool with_locations = options_.diff.values;
    auto other = std::async(std::launch::async, [&] { return read(console_, options_.b, with_locations); });
    const Reading a = read(console_, options_.a, with_locations);
    const Reading b = other.get();
    complain(a.failure);
    complain(b.failure);
    if (!a.model || !b.model) return kUnusable;
    try {
      return compare(*a.model, *b.model);
    } catch (const std::exception& error) {
      complain(error.what());
      return kUnusable;
    }
  }

 private:
  int compare(const Model& a, const Model& b) {
    const Diff found = diff(a, b, options_.diff);
    console_.out(render(found, options_.render, options_.top));
    if (!found.is_equal()) return kCheckFailed;
    return found.not_compared > 0 ? kUnusable : kDone;
  }

  void complain(const std::string& what) {
    if (!what.empty()) console_.err(fmt::format("weigh: {}\n", printable(what, options_.render.unicode)));
  }

  DiffChoices options_;
  const Console& console_;
};

}  // namespace

std::vector<OptionRow> diff_options() {
  CLI::App app;
  DiffChoices options;
  declare(app, options);
  return rows_of(app);
}

int run_diff(const std::vector<std::string>& arguments, const Console& console) {
  CLI::App app("Tells what differs between two models.", "weigh diff");
  DiffChoices options;
  declare(app, options);
  app.callback([&] { settle(options); });
  if (const std::optional<Answer> said = parse(app, "weigh diff", arguments)) return answer(*said, console);
  return DiffJob(std::move(options), console).run();
}

}  // namespace weigh::cli
