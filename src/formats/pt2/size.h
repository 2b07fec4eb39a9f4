// A size that varies, as torch.export writes it: sympy's srepr of an expression.
//
//   Symbol('s77', positive=True, integer=True)
//   Mul(Integer(2), Symbol('s77', positive=True, integer=True))
//
// Older versions wrote a name alone, "s0". Symbols, numbers, sums and products are understood; divisions, powers and
// what else there may be are not.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "weigh/count.h"

namespace weigh::pt2 {

struct Size {
  Count count;
  std::string text;  // "2·s77"
};

// `symbol` gives the number of a name. Nothing where the expression is not understood.
std::optional<Size> parse_size(std::string_view expression, const std::function<SymbolId(std::string_view)>& symbol);

}  // namespace weigh::pt2
