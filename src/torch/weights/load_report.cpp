#include <fmt/format.h>

#include "weigh/torch/weights.h"

namespace weigh {
namespace {

constexpr std::size_t kMostNamed = 20;

void add_line(std::string& text, const char* what, const std::vector<std::string>& names, const char* separator) {
  if (names.empty()) return;
  if (!text.empty()) text += '\n';
  text += fmt::format("{} ({}): ", what, names.size());
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) text += (i == 0 ? "" : separator) + names[i];
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
}

}  // namespace

std::string LoadReport::text() const {
  std::string text;
  add_line(text, "missing in the file", missing, ", ");
  add_line(text, "unexpected, in the file only", unexpected, ", ");
  add_line(text, "of another shape", misshapen, "; ");
  if (!hint.empty()) text += '\n' + hint;
  return text;
}

}  // namespace weigh
