#include "formats/pt2/size.h"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cstdint>
#include <utility>

namespace weigh::pt2 {
namespace {

constexpr int kDeepest = 16;  // expressions in expressions; those of real models have two or three
constexpr std::size_t kLongestText = 64;

bool is_name(std::string_view text) {
  const auto is_of_a_name = [](unsigned char c) { return std::isalnum(c) != 0 || c == '_'; };
  return !text.empty() && std::isalpha(static_cast<unsigned char>(text[0])) != 0 &&
         std::all_of(text.begin(), text.end(), is_of_a_name);
}

class SizeParser {
 public:
  SizeParser(std::string_view rest, const std::function<SymbolId(std::string_view)>& symbol)
      : rest_(rest), symbol_(symbol) {}

  std::optional<Size> whole() {
    std::optional<Size> size = is_name(rest_) ? named(std::exchange(rest_, {})) : expression(0);
    return rest_.empty() && size && size->text.size() <= kLongestText ? size : std::nullopt;
  }

 private:
  std::optional<Size> named(std::string_view name) const {
    return Size{Count::of(Extent::unknown(symbol_(name))), std::string(name)};
  }

  std::optional<Size> expression(int depth) {
    if (depth > kDeepest) return std::nullopt;
    if (skip("Symbol('")) return symbol();
    if (skip("Integer(")) return integer();
    if (skip("Mul(")) return fold(depth, "·", [](Count a, const Count& b) { return a * b; });
    if (skip("Add(")) return fold(depth, " + ", [](Count a, const Count& b) { return a + b; });
    return std::nullopt;
  }

  std::optional<Size> symbol() {
    const std::string_view name = rest_.substr(0, rest_.find('\''));
    const std::size_t end = rest_.find(')');  // behind its assumptions
    if (!is_name(name) || end == rest_.npos) return std::nullopt;
    rest_.remove_prefix(end + 1);
    return named(name);
  }

  std::optional<Size> integer() {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), number);
    if (error != std::errc() || number > Extent::kMax) return std::nullopt;
    rest_.remove_prefix(static_cast<std::size_t>(end - rest_.data()));
    return skip(")") ? std::optional(Size{number, std::to_string(number)}) : std::nullopt;
  }

  template <class Operation>
  std::optional<Size> fold(int depth, std::string_view sign, Operation&& operation) {
    std::optional<Size> all;
    do {
      std::optional<Size> next = expression(depth + 1);
      if (!next) return std::nullopt;
      if (sign == "·" && next->text.find('+') != std::string::npos) next->text = "(" + next->text + ")";
      all = all ? Size{operation(all->count, next->count), all->text + std::string(sign) + next->text} : *next;
      if (all->text.size() > kLongestText) return std::nullopt;
    } while (skip(", "));
    return skip(")") ? all : std::nullopt;
  }

  bool skip(std::string_view text) {
    const bool is_there = rest_.starts_with(text);
    if (is_there) rest_.remove_prefix(text.size());
    return is_there;
  }

  std::string_view rest_;
  const std::function<SymbolId(std::string_view)>& symbol_;
};

}  // namespace

std::optional<Size> parse_size(std::string_view expression, const std::function<SymbolId(std::string_view)>& symbol) {
  return SizeParser(expression, symbol).whole();
}

}  // namespace weigh::pt2
