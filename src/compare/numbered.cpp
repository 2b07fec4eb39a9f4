#include "compare/numbered.h"

#include <algorithm>

#include "bytes/digits.h"

namespace weigh {
namespace {

constexpr std::size_t kMostDigits = 9;

bool is_plain_number(std::string_view part) {
  return is_number(part) && part.size() <= kMostDigits && (part.size() == 1 || part.front() != '0');
}

}  // namespace

NumberedPath numbered(std::string_view path) {
  NumberedPath result;
  for (std::size_t begin = 0; begin <= path.size();) {
    const std::size_t end = std::min(path.find('.', begin), path.size());
    const std::string_view part = path.substr(begin, end - begin);
    if (begin > 0) result.pattern += '.';
    if (is_plain_number(part)) {
      result.pattern += '#';
      result.numbers.push_back(static_cast<std::uint32_t>(*number_of(part)));
    } else {
      result.pattern += part;
    }
    begin = end + 1;
  }
  return result;
}

}  // namespace weigh
