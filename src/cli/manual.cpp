#include "cli/manual.h"

#include <fmt/format.h>

#include "cli/commands.h"

#include "weigh/read.h"
#include "weigh/version.h"

namespace weigh::cli {
namespace {

// Text that roff neither takes for a request nor changes: a bare '-' becomes another character, a backslash commands.
std::string escaped(std::string_view text) {
  std::string out;
  if (text.starts_with('.') || text.starts_with('\'')) out += "\\&";
  for (const char c : text) {
    if (c == '\\') {
      out += "\\e";
    } else if (c == '-') {
      out += "\\-";
    } else {
      out += c;
    }
  }
  return out;
}

void add_item(std::string& out, std::string_view term, std::string_view description) {
  out += fmt::format(".TP\n{}\n{}\n", term, escaped(description));
}

std::string term(const OptionRow& row) {
  std::string names;
  for (const std::string& name : row.names)
    names += fmt::format("{}\\fB{}\\fR", names.empty() ? "" : ", ", escaped(name));
  return row.argument.empty() ? names : fmt::format("{} \\fI{}\\fR", names, escaped(row.argument));
}

void add_options(std::string& out, const std::vector<OptionRow>& rows) {
  for (const OptionRow& row : rows)
    if (row.is_option()) add_item(out, term(row), row.description);
}

void add_commands(std::string& out) {
  out += ".SH COMMANDS\n";
  for (const Command& command : commands()) {
    add_item(out, fmt::format("\\fB{}\\fR", escaped(command.usage)), command.description);
    if (command.options == nullptr) continue;
    out += ".RS\n";
    add_options(out, command.options());
    out += ".RE\n";
  }
}

void add_formats(std::string& out) {
  out += ".SH FORMATS\n";
  for (const FormatInfo& format : formats())
    add_item(out, fmt::format("\\fB{}\\fR", escaped(format.name)), format.description);
}

}  // namespace

std::string manual_page() {
  std::string out = fmt::format(".TH WEIGH 1 \"\" \"weigh {}\" \"User Commands\"\n", version());
  out += ".SH NAME\nweigh \\- tell what a neural network is made of\n";
  out += ".SH SYNOPSIS\n.B weigh\n.RI [ OPTION ]...\n.IR FILE ...\n";
  for (const Command& command : commands()) out += fmt::format(".br\n.B {}\n", escaped(command.usage));
  out += fmt::format(".SH DESCRIPTION\n{}\n", escaped(kAbout));
  for (const OptionRow& row : option_rows())
    if (!row.is_option()) add_item(out, fmt::format("\\fI{}\\fR", row.names.front()), row.description);
  out += ".SH OPTIONS\n";
  add_options(out, option_rows());
  add_commands(out);
  add_formats(out);
  out += ".SH EXIT STATUS\n";
  for (const ExitCodeRow& row : kExitCodes) add_item(out, fmt::format("\\fB{}\\fR", row.code), row.description);
  return out;
}

}  // namespace weigh::cli
