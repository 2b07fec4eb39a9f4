// All tables of src/conventions, as people read them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "conventions/row.h"

namespace weigh::conventions {

struct TableRow : Row {
  std::string kind;  // what the row says beside its texts: "tower"; "" in a table without
};

struct Table {
  std::string_view title;
  std::string_view file;   // that holds the rows
  std::string_view about;  // a sentence or two
  std::vector<TableRow> rows;
};

std::vector<Table> tables();

// docs/conventions.md.
std::string document();

}  // namespace weigh::conventions
