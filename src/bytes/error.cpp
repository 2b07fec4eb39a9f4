#include "weigh/error.h"

#include <fmt/format.h>

namespace weigh {
namespace {

std::string text_of(const std::string& source, const std::string& message, std::optional<std::uint64_t> offset) {
  std::string text = source.empty() ? message : source + ": " + message;
  if (offset) text += fmt::format(" (at byte {})", *offset);
  return text;
}

}  // namespace

Error::Error(ErrorKind kind, std::string source, std::string message, std::optional<std::uint64_t> offset)
    : std::runtime_error(text_of(source, message, offset)),
      kind_(kind),
      source_(std::move(source)),
      message_(std::move(message)),
      offset_(offset) {}

}  // namespace weigh
