// Columns of text as a table of HTML.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "render/grid.h"

namespace weigh {

// What a row's <tr> says of itself, with a blank before it: " class=\"lazy\"".
using RowAttributes = std::function<std::string(std::size_t row)>;

// Cells of the first column are headings of their rows. Where a cell of `exact`, which has the same columns, differs
// from that shown, it is told beside it.
std::string html_grid(const std::vector<GridColumn>& shown, const std::vector<GridColumn>& exact,
                      const RowAttributes& attributes = {});

}  // namespace weigh
