// A size that varies may be an expression of others: exporters of graphs call it "2*words + 32", "2·s77" or
// "(height - 1)//2 + 1", and the kernel of a convolution in groups has "in/2" columns.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weigh {

// What is known of an expression when some of its names have sizes.
struct SizeExpression {
  std::string text;                   // the sizes in place of their names: "2*5 + 32"
  std::optional<std::int64_t> value;  // nothing where a name has no size, or where it is none
  std::string wrong = {};             // where it is none, what it is instead: "-3", "a fraction"
};

// Sums, differences, products, quotients that are rounded down (//) and those by a number that are exact (/) of names
// and numbers, with parentheses. `size_of` is asked for each name, perhaps more than once. Nothing where the text is
// none of these; a plus or minus without blanks around it is part of a name.
std::optional<SizeExpression> evaluate(std::string_view text,
                                       const std::function<std::optional<std::int64_t>(std::string_view)>& size_of);

}  // namespace weigh
