// A Summary becomes text.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/summary.h"
#include "weigh/token_cache.h"

namespace weigh {

enum class RenderFormat : std::uint8_t {
  table,
  lightning,
  json,
  csv,
  markdown,
  html,        // a page of its own, with a treemap: docs/report.md
  html_table,  // a fragment for notebooks
  svg,         // the treemap alone
  cyclonedx,   // a bill of materials: docs/sbom.md
  spdx,
};

// A column of the table. Users add their own: a title and a function of a row.
struct Column {
  std::string key;    // as in --columns: "params"
  std::string title;  // "Params"
  bool right_aligned = false;
  std::function<std::string(const Summary&, const Row&)> cell;
};

struct RenderOptions {
  RenderFormat format = RenderFormat::table;
  bool exact = false;  // 1,234,567 instead of 1.23 M
  bool color = false;
  bool unicode = true;                    // box and tree characters, ·, ≥; ASCII stands in for them otherwise
  unsigned width = 0;                     // columns of the terminal; 0: no limit
  std::vector<std::string> columns = {};  // keys; empty: those that have something to say
  std::vector<Column> own_columns = {};   // added behind the chosen ones
  CacheQuestion cache = {};               // of what keys and values it is told
  // Seconds since 1970, where a document says when it was made: SOURCE_DATE_EPOCH. No clock is asked.
  std::optional<std::uint64_t> time = {};
};

// Text that ends with a newline. Throws Error(usage) for a column that does not exist.
std::string render(const Summary& summary, const RenderOptions& options = {});

// A count of the model as the table writes it, digit by digit: "306", "16·in + 32", "≥ 50", "?".
std::string text(const Model& model, const Count& count);

// Keys of the columns that exist, for a message or --help.
std::vector<std::string_view> column_keys();

}  // namespace weigh
