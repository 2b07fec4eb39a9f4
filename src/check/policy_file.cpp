// weighbridge.toml and pyproject.toml. The one file that names toml++.
#include <sstream>
#include <utility>

#include <fmt/format.h>
#include <toml++/toml.h>

#include "bytes/folder.h"
#include "bytes/source.h"

#include "weigh/check.h"
#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 20;
constexpr std::string_view kOwnFile = "weighbridge.toml";
constexpr std::string_view kProjectFile = "pyproject.toml";

bool is_project(std::string_view source) { return source.substr(source.rfind('/') + 1) == kProjectFile; }

toml::table parse(std::string_view text, const std::string& source) {
  try {
    return toml::parse(text, source);
  } catch (const toml::parse_error& error) {
    throw Error(ErrorKind::corrupt, source,
                fmt::format("is no TOML: {} (line {}, column {})", error.description(), error.source().begin.line,
                            error.source().begin.column));
  }
}

std::string text_of(const toml::node& value) {
  if (const auto text = value.value_exact<std::string>()) return *text;
  if (const auto truth = value.value_exact<bool>()) return *truth ? "true" : "false";
  if (const auto number = value.value_exact<std::int64_t>()) return fmt::to_string(*number);
  return "";
}

std::vector<std::string> texts_of(const toml::node& value) {
  std::vector<std::string> texts;
  if (const toml::array* array = value.as_array()) {
    for (const toml::node& one : *array) texts.push_back(text_of(one));
  } else {
    texts.push_back(text_of(value));
  }
  for (const std::string& text : texts)
    if (text.empty())
      throw Error(ErrorKind::usage, "", "is neither a text, a whole number, true or false, nor a list of such");
  return texts;
}

const toml::table* table_in(const toml::table& table, std::string_view key, const std::string& source) {
  const toml::node* found = table.get(key);
  if (found == nullptr) return nullptr;
  if (found->as_table() == nullptr) throw Error(ErrorKind::usage, source, fmt::format("'{}' is no table", key));
  return found->as_table();
}

// The table `weighbridge` of a project, or a file of its own as a whole.
const toml::table* whole_of(const toml::table& file, const std::string& source) {
  if (!is_project(source)) return &file;
  const toml::table* tool = table_in(file, "tool", source);
  return tool == nullptr ? nullptr : table_in(*tool, "weighbridge", source);
}

void set_rules(const toml::table& table, const std::string& source, Policy& policy) {
  for (const auto& [key, value] : table) {
    const std::string name(key.str());
    try {
      policy.set(name, texts_of(value));
    } catch (const Error& error) {
      throw Error(ErrorKind::usage, source,
                  fmt::format("line {}: {}{}", value.source().begin.line,
                              error.message().starts_with("is ") ? fmt::format("'{}' ", name) : "", error.message()));
    }
  }
}

std::string text_in(const std::string& path) {
  const std::unique_ptr<Source> file = open_file(path);
  if (file->size() > kMostBytes)
    throw Error(ErrorKind::limit, path, fmt::format("has {} bytes; a policy has at most {}", file->size(), kMostBytes));
  return file->read(0, static_cast<std::size_t>(file->size()));
}

}  // namespace

Policy parse_policy(std::string_view text, const std::string& source) {
  const toml::table file = parse(text, source);
  const toml::table* whole = whole_of(file, source);
  if (whole == nullptr) throw Error(ErrorKind::usage, source, "has no table 'tool.weighbridge'");
  for (const auto& [key, value] : *whole)
    if (key.str() != "check")
      throw Error(ErrorKind::usage, source,
                  fmt::format("line {}: there is no table '{}'; the one that is known is 'check'",
                              value.source().begin.line, std::string_view(key.str())));
  Policy policy;
  if (const toml::table* table = table_in(*whole, "check", source)) set_rules(*table, source, policy);
  return policy;
}

Policy read_policy(const std::string& path) { return parse_policy(text_in(path), path); }

std::string find_policy(const std::string& folder) {
  const std::unique_ptr<Folder> files = open_folder(folder);
  if (files->contains(kOwnFile)) return path_in(folder, kOwnFile);
  if (!files->contains(kProjectFile)) return "";
  const std::string path = path_in(folder, kProjectFile);
  return whole_of(parse(text_in(path), path), path) == nullptr ? "" : path;
}

}  // namespace weigh
