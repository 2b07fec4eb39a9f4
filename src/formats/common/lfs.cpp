#include "formats/common/lfs.h"

#include <charconv>
#include <cstdint>

#include <fmt/format.h>

namespace weigh {
namespace {

constexpr std::string_view kBegin = "version https://git-lfs.github.com";
constexpr std::string_view kSize = "\nsize ";

std::optional<std::uint64_t> size_in(std::string_view pointer) {
  const std::size_t line = pointer.find(kSize);
  if (line == std::string_view::npos) return std::nullopt;
  const std::string_view digits = pointer.substr(line + kSize.size());
  std::uint64_t size = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), size);
  return error == std::errc() ? std::optional(size) : std::nullopt;
}

}  // namespace

std::optional<std::string> lfs_pointer_message(std::string_view head) {
  if (!head.starts_with(kBegin)) return std::nullopt;
  const std::optional<std::uint64_t> size = size_in(head);
  return fmt::format("is a Git LFS pointer{}, not the model; run 'git lfs pull' to fetch it",
                     size ? fmt::format(" to {} byte{}", *size, *size == 1 ? "" : "s") : "");
}

}  // namespace weigh
