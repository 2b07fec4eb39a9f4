#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>

#include <fmt/format.h>

#include "weigh/error.h"
#include "weigh/lightning/loggers.h"

namespace weigh::lightning {
namespace {

namespace fs = std::filesystem;

// As Python's repr: the shortest text that is read as the same number, and never without a point.
std::string number_text(double value) {
  if (std::isnan(value)) return "nan";
  std::string text = fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

// Names with a comma, a quote or a line's end are quoted.
std::string field(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char letter : text) quoted += letter == '"' ? "\"\"" : std::string(1, letter);
  return quoted + "\"";
}

std::string row_text(const std::vector<std::string>& columns, const std::map<std::string, std::string>& row) {
  std::string text;
  for (const std::string& column : columns) {
    if (&column != &columns.front()) text += ',';
    if (const auto found = row.find(column); found != row.end()) text += found->second;
  }
  return text + "\r\n";
}

[[noreturn]] void fail(const fs::path& path) {
  throw Error(ErrorKind::not_written, path.string(), "cannot be written; is the folder there, and is there space?");
}

}  // namespace

void CSVLogger::log_metrics(const Metrics& metrics, std::int64_t step) {
  std::map<std::string, std::string> row{{"step", std::to_string(step)}};
  for (const auto& [name, value] : metrics)
    row[name] = name == "epoch" ? std::to_string(static_cast<std::int64_t>(value)) : number_text(value);
  const std::size_t known = columns_.size();
  for (const auto& [name, text] : row)
    if (std::find(columns_.begin(), columns_.begin() + static_cast<std::ptrdiff_t>(known), name) ==
        columns_.begin() + static_cast<std::ptrdiff_t>(known))
      columns_.push_back(name);
  rows_.push_back(std::move(row));
  if (columns_.size() > known) return rewrite();
  std::ofstream file(fs::path(log_dir()) / "metrics.csv", std::ios::binary | std::ios::app);
  file << row_text(columns_, rows_.back());
  if (!file.flush()) fail(fs::path(log_dir()) / "metrics.csv");
}

// A new column: the file is written anew.
void CSVLogger::rewrite() {
  std::sort(columns_.begin(), columns_.end());
  std::error_code none;
  fs::create_directories(log_dir(), none);
  const fs::path path = fs::path(log_dir()) / "metrics.csv";
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  for (const std::string& column : columns_) file << (&column == &columns_.front() ? "" : ",") << field(column);
  file << "\r\n";
  for (const auto& row : rows_) file << row_text(columns_, row);
  if (!file.flush()) fail(path);
}

}  // namespace weigh::lightning
