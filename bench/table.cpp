#include "table.h"

#include <fmt/format.h>

namespace weigh::bench {
namespace {

constexpr const char* kLayout = "{:40} {:>10}  {:24} {:>7}  {:8} {}\n";

}  // namespace

std::string show_seconds(double seconds) {
  if (seconds >= 1) return fmt::format("{:.2f} s", seconds);
  if (seconds >= 1e-4) return fmt::format("{:.2f} ms", seconds * 1e3);
  return fmt::format("{:.3f} µs", seconds * 1e6);
}

std::string show_bytes(double bytes) {
  return bytes >= 1e5 ? fmt::format("{:.1f} MB", bytes / 1e6) : fmt::format("{:.0f} B", bytes);
}

Table::Table() { fmt::print(kLayout, "", "measured", "against", "ratio", "limit", ""); }

void Table::memory(const std::string& what, std::uint64_t bytes, std::uint64_t allowed) {
  const auto part = static_cast<double>(bytes) / static_cast<double>(allowed);
  at_most({what, show_bytes(static_cast<double>(bytes)), show_bytes(static_cast<double>(allowed)) + " allowed", part},
          1);
}

void Table::tell(const Row& row) {
  fmt::print(kLayout, row.what, row.measured, row.against, fmt::format("{:.2f}x", row.ratio), "", "");
}

void Table::skip(const std::string& what, const std::string& reason) {
  fmt::print("{:40} skipped: {}\n", what, reason);
}

void Table::add(const Row& row, const char* relation, double limit, bool is_met) {
  all_met_ = all_met_ && is_met;
  fmt::print(kLayout, row.what, row.measured, row.against, fmt::format("{:.2f}x", row.ratio),
             fmt::format("{} {}x", relation, limit), is_met ? "ok" : "MISSED");
}

}  // namespace weigh::bench
