#include "render/shorten.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "render/text.h"

namespace weigh {
namespace {

constexpr std::string_view kComma = ", ";

bool is_list(std::string_view text) {
  return text.size() > 2 &&
         ((text.front() == '[' && text.back() == ']') || (text.front() == '{' && text.back() == '}'));
}

// What stands between the brackets, parted at the commas outside of inner brackets.
std::vector<std::string_view> items_of(std::string_view text) {
  text = text.substr(1, text.size() - 2);
  std::vector<std::string_view> items;
  int depth = 0;
  std::size_t begin = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    depth += text[i] == '[' || text[i] == '{';
    depth -= text[i] == ']' || text[i] == '}';
    if (depth != 0 || text.substr(i, kComma.size()) != kComma) continue;
    items.push_back(text.substr(begin, i - begin));
    begin = i + kComma.size();
  }
  items.push_back(text.substr(begin));
  return items;
}

// As many of the last characters as fit, in their order.
std::string_view last_columns(std::string_view text, std::size_t width) {
  std::size_t left_out = display_width(text);
  std::size_t begin = 0;
  for_each_character(text, [&](char32_t, std::string_view bytes) {
    if (left_out <= width) return;
    left_out -= display_width(bytes);
    begin += bytes.size();
  });
  return text.substr(begin);
}

std::string without_middle(std::string_view text, std::size_t width, std::string_view ellipsis) {
  const std::size_t room = width - std::min(width, display_width(ellipsis));
  const std::string head = cut_to(text, (room + 1) / 2, "");
  return head + std::string(ellipsis) + std::string(last_columns(text, room / 2));
}

// Items from both ends in turn while there is room; "" where not even the first fits.
std::string without_middle_items(std::string_view text, std::size_t width, std::string_view ellipsis) {
  const std::vector<std::string_view> items = items_of(text);
  std::size_t used = 2 + display_width(ellipsis);
  std::vector<std::string_view> head;
  std::vector<std::string_view> tail;
  while (head.size() + tail.size() < items.size()) {
    const bool is_first = head.size() <= tail.size();
    const std::string_view item = is_first ? items[head.size()] : items[items.size() - 1 - tail.size()];
    used += display_width(item) + kComma.size();
    if (used > width) break;
    (is_first ? head : tail).push_back(item);
  }
  if (head.empty()) return "";
  head.push_back(ellipsis);
  head.insert(head.end(), tail.rbegin(), tail.rend());
  return fmt::format("{}{}{}", text.front(), fmt::join(head, kComma), text.back());
}

}  // namespace

std::string shorten(std::string_view text, std::size_t width, std::string_view ellipsis) {
  if (display_width(text) <= width) return std::string(text);
  if (is_list(text)) {
    if (std::string list = without_middle_items(text, width, ellipsis); !list.empty()) return list;
  }
  return without_middle(text, width, ellipsis);
}

}  // namespace weigh
