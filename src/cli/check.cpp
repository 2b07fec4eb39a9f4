#include "cli/check.h"

#include <exception>
#include <map>
#include <new>
#include <optional>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "render/text.h"

#include "weigh/check.h"
#include "weigh/error.h"

namespace weigh::cli {
namespace {

// What was given of a rule.
struct Given {
  bool is_set = false;              // of one without argument
  std::vector<std::string> values;  // of others
};

struct CheckChoices {
  std::vector<std::string> files;
  std::map<std::string_view, Given> rules;
  std::optional<std::string> policy;
  std::string explained;  // a rule
  std::string format = "table";
  bool allow_undecided = false;
  Screen screen;
};

const std::map<std::string, CheckFormat>& check_formats() {
  static const std::map<std::string, CheckFormat> choices = {{"table", CheckFormat::table},
                                                             {"json", CheckFormat::json},
                                                             {"junit", CheckFormat::junit},
                                                             {"sarif", CheckFormat::sarif},
                                                             {"github", CheckFormat::github}};
  return choices;
}

const char* type_name(Argument argument) {
  switch (argument) {
    case Argument::none: return "";
    case Argument::count: return "COUNT";
    case Argument::bytes: return "BYTES";
    case Argument::text: return "MODEL";
    case Argument::words: return "WORD,WORD";
  }
  return "";
}

// An option for each row of the table of rules.
void add_rules(CLI::App& app, CheckChoices& options) {
  for (const Rule& rule : rules()) {
    Given& given = options.rules[rule.id];
    const std::string flag = "--" + std::string(rule.id);
    if (rule.argument == Argument::none) {
      app.add_flag(flag, given.is_set, std::string(rule.purpose));
      continue;
    }
    CLI::Option* option = app.add_option(flag, given.values, std::string(rule.purpose));
    option->type_name(type_name(rule.argument))->allow_extra_args(false);
    if (rule.argument == Argument::words) option->delimiter(',');
  }
}

void declare(CLI::App& app, CheckChoices& options) {
  CLI::Option* files = app.add_option("FILE", options.files, "model files, indices of shards, or directories");
  files->required();
  app.add_option("--explain", options.explained, "what a rule checks and how it is asked for, with an example")
      ->type_name("RULE")
      ->each([files](const std::string&) { files->required(false); });
  add_rules(app, options);
  app.add_option("--policy", options.policy,
                 "file with rules (default: weighbridge.toml, or pyproject.toml with such a table, where there is one)")
      ->type_name("TOML");
  add_choice(app, "--format", options.format, names(check_formats()), "form of the output (default: table)");
  app.add_flag("--allow-undecided", options.allow_undecided, "what cannot be decided is no violation");
  add_screen(app, options.screen);
  app.footer("Exit codes: 0 all hold; 1 a rule is violated or undecided; 2 unreadable input or wrong usage.");
}

Policy policy_of(const CheckChoices& options) {
  const std::string file = options.policy ? *options.policy : find_policy("");
  Policy policy = file.empty() ? Policy() : read_policy(file);
  for (const Rule& rule : rules()) {
    const Given& given = options.rules.at(rule.id);
    if (given.is_set || !given.values.empty()) policy.set(rule.id, given.values);
  }
  if (policy.gates().empty())
    throw Error(ErrorKind::usage, file, "no rule is asked for; 'weigh check --help' lists them");
  return policy;
}

class CheckJob {
 public:
  CheckJob(const CheckChoices& options, const Console& console) : options_(options), console_(console) {
    apply(options.screen, console, render_);
  }

  int run() {
    try {
      policy_ = policy_of(options_);
      for (const std::string& file : options_.files)
        if (!check_each(file)) check_one(file);
    } catch (const Error& error) {
      return answer({error.what(), true}, console_);
    }
    const CheckFormat format = check_formats().at(options_.format);
    console_.out(render(checked_, format, render_));
    return exit_code();
  }

 private:
  void check_one(const std::string& file) {
    try {
      add(file, console_.read(file));
    } catch (const std::bad_alloc&) {
      add_failure(file, file + ": needs more memory than there is");
    } catch (const std::exception& error) {
      add_failure(file, error.what());
    }
  }

  // The models of a directory that is none itself. False for all else.
  bool check_each(const std::string& file) {
    if (!console_.read_each) return false;
    const Look look = [this](Model model) {
      std::string source = model.source;
      return [this, checked = found_in(std::move(source), model)] { checked_.push_back(checked); };
    };
    try {
      return console_.read_each(file, look, [this](const Error& error) { add_failure(error.source(), error.what()); }) >
             0;
    } catch (const Error& error) {
      add_failure(file, error.what());
      return true;
    }
  }

  Checked found_in(std::string source, const Model& model) const {
    return {std::move(source), check(model, policy_, console_.read)};
  }

  void add(const std::string& file, const Model& model) { checked_.push_back(found_in(file, model)); }

  void add_failure(const std::string& source, const std::string& what) {
    console_.err(fmt::format("weigh: {}\n", printable(what, render_.unicode)));
    checked_.push_back({source, {}, what});
  }

  int exit_code() const {
    int code = kDone;
    for (const Checked& one : checked_) {
      if (!one.unreadable.empty()) return kUnusable;
      const bool is_open = one.count(Outcome::undecided) > 0 && !options_.allow_undecided;
      if (one.count(Outcome::failed) > 0 || is_open) code = kCheckFailed;
    }
    return code;
  }

  const CheckChoices& options_;
  const Console& console_;
  RenderOptions render_;
  Policy policy_;
  std::vector<Checked> checked_;
};

int explain(const std::string& rule, const Console& console) {
  try {
    return answer({explanation(rule_of(rule))}, console);
  } catch (const Error& error) {
    return answer({error.what(), true}, console);
  }
}

}  // namespace

std::vector<OptionRow> check_options() {
  CLI::App app;
  CheckChoices options;
  declare(app, options);
  return rows_of(app);
}

int run_check(const std::vector<std::string>& arguments, const Console& console) {
  CLI::App app("Tells whether models are what they should be.", "weigh check");
  CheckChoices options;
  declare(app, options);
  if (const std::optional<Answer> said = parse(app, "weigh check", arguments)) return answer(*said, console);
  if (!options.explained.empty()) return explain(options.explained, console);
  return CheckJob(options, console).run();
}

}  // namespace weigh::cli
