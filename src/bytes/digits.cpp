#include "bytes/digits.h"

#include <cstdlib>
#include <string>

#include <locale.h>  // NOLINT(modernize-deprecated-headers): newlocale is of POSIX

namespace weigh {

std::optional<double> real_number_of(std::string_view text) {
  const bool is_word = text == "inf" || text == "-inf" || text == "nan";
  const bool is_written_out = !text.empty() && text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
  if (!is_word && !is_written_out) return std::nullopt;
  // Not std::from_chars: of floating point, it is alone in bringing libm into the program.
  static const locale_t c_locale = newlocale(LC_ALL_MASK, "C", nullptr);
  const std::string terminated(text);
  char* end = nullptr;
  const double number = strtod_l(terminated.c_str(), &end, c_locale);
  if (end != terminated.c_str() + terminated.size()) return std::nullopt;
  return number;
}

}  // namespace weigh
