#include "replica/pattern.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

namespace weigh::replica {
namespace {

constexpr std::array<std::pair<std::string_view, unsigned>, 22> kBits = {{
    {"BOOL", 8},    {"F4", 4},      {"F6_E2M3", 6},     {"F6_E3M2", 6},     {"U8", 8},      {"I8", 8},
    {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}, {"F8_E8M0", 8}, {"I16", 16},
    {"U16", 16},    {"F16", 16},    {"BF16", 16},       {"I32", 32},        {"U32", 32},    {"F32", 32},
    {"C64", 64},    {"F64", 64},    {"I64", 64},        {"U64", 64},
}};

unsigned number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size())
    throw std::runtime_error(fmt::format("'{}' is no number", text));
  return value;
}

// "0..1,3" becomes 0, 1, 3.
std::vector<unsigned> numbers(std::string_view list) {
  std::vector<unsigned> all;
  for (std::size_t begin = 0; begin <= list.size();) {
    const std::size_t end = std::min(list.find(',', begin), list.size());
    const std::string_view part = list.substr(begin, end - begin);
    const std::size_t dots = part.find("..");
    const unsigned first = number(part.substr(0, dots));
    const unsigned last = dots == std::string_view::npos ? first : number(part.substr(dots + 2));
    for (unsigned i = first; i <= last; ++i) all.push_back(i);
    begin = end + 1;
  }
  return all;
}

// "a.{0..1}.b.{0,2}" becomes a.0.b.0, a.0.b.2, a.1.b.0, a.1.b.2.
std::vector<std::string> expand(const std::string& name) {
  std::vector<std::string> open = {name};
  while (open.front().find('{') != std::string::npos) {
    std::vector<std::string> next;
    for (const std::string& text : open) {
      const std::size_t begin = text.find('{');
      const std::size_t end = text.find('}', begin);
      if (end == std::string::npos) throw std::runtime_error(fmt::format("'{}' has no closing brace", name));
      for (unsigned i : numbers(std::string_view(text).substr(begin + 1, end - begin - 1)))
        next.push_back(fmt::format("{}{}{}", text.substr(0, begin), i, text.substr(end + 1)));
    }
    open = std::move(next);
  }
  return open;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool natural_less(const Tensor& a, const Tensor& b) {
  auto number_at = [](std::string_view text) {
    std::size_t length = 0;
    while (length < text.size() && is_digit(text[length])) ++length;
    return text.substr(0, length);
  };
  std::string_view x = a.name;
  std::string_view y = b.name;
  while (!x.empty() && !y.empty()) {
    if (is_digit(x[0]) && is_digit(y[0])) {
      const std::string_view i = number_at(x);
      const std::string_view j = number_at(y);
      if (i != j) return std::pair(i.size(), i) < std::pair(j.size(), j);
      x.remove_prefix(i.size());
      y.remove_prefix(j.size());
    } else {
      if (x[0] != y[0]) return x[0] < y[0];
      x.remove_prefix(1);
      y.remove_prefix(1);
    }
  }
  return x.size() < y.size();
}

}  // namespace

std::uint64_t Tensor::bytes() const {
  const auto* row = std::find_if(kBits.begin(), kBits.end(), [&](const auto& each) { return each.first == dtype; });
  if (row == kBits.end()) throw std::runtime_error(fmt::format("{}: the dtype {} is not known", name, dtype));
  std::uint64_t bits = row->second;
  for (std::uint64_t extent : shape) bits *= extent;
  return (bits + 7) / 8;
}

Pattern read_pattern(const std::string& path) {
  simdjson::dom::parser parser;
  const simdjson::dom::element file = parser.load(path);
  Pattern pattern;
  for (const simdjson::dom::array row : file["tensors"].get_array()) {
    Tensor tensor;
    tensor.dtype = std::string(std::string_view(row.at(1)));
    for (const std::uint64_t extent : row.at(2).get_array()) tensor.shape.push_back(extent);
    for (std::string& name : expand(std::string(std::string_view(row.at(0))))) {
      tensor.name = std::move(name);
      pattern.tensors.push_back(tensor);
    }
  }
  std::sort(pattern.tensors.begin(), pattern.tensors.end(), natural_less);
  if (simdjson::dom::element config; !file["config"].get(config)) pattern.config = simdjson::to_string(config);
  if (std::uint64_t shards = 0; !file["published"]["shards"].get(shards))
    pattern.shards = static_cast<unsigned>(shards);
  return pattern;
}

Pattern synthetic_pattern(std::size_t tensors) {
  Pattern pattern;
  pattern.tensors.reserve(tensors);
  for (std::size_t i = 0; i < tensors; ++i) {
    const bool is_weight = i % 2 == 0;
    pattern.tensors.push_back({fmt::format("layers.{}.{}", i / 2, is_weight ? "weight" : "bias"), "F32",
                               is_weight ? std::vector<std::uint64_t>{4, 4} : std::vector<std::uint64_t>{4}});
  }
  return pattern;
}

}  // namespace weigh::replica
