// Lines and tables in the syntaxes of others, with what a file says made harmless in them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "render/grid.h"

namespace weigh {

// A line of RFC 4180. Cells that a spreadsheet would run as a formula begin with an apostrophe.
void add_csv_line(std::string& out, const std::vector<std::string>& cells);

std::string markdown_escaped(std::string_view text);
std::string markdown_code(std::string_view text);
// The first column as code, if it holds names.
void add_markdown_table(std::string& out, const std::vector<GridColumn>& columns, bool begins_with_name);

}  // namespace weigh
