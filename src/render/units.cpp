#include "render/units.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "render/text.h"

namespace weigh {
namespace {

constexpr std::size_t kLongestExpression = 2;  // terms with unknown extents

constexpr std::array<std::string_view, 7> kCountUnits = {"", " K", " M", " B", " T", " P", " E"};
constexpr std::array<std::string_view, 7> kByteUnits = {" B", " kB", " MB", " GB", " TB", " PB", " EB"};

// With three digits: 1.23, 12.3 and 123.
std::string in_units(std::uint64_t number, int digits, const std::array<std::string_view, 7>& units) {
  std::size_t unit = 0;
  double value = static_cast<double>(number);
  for (; value >= 1000; value /= 1000) ++unit;
  if (unit == 0) return fmt::format("{}{}", number, units[0]);
  const int whole = value < 10 ? 1 : value < 100 ? 2 : 3;
  std::string text = fmt::format("{:.{}f}", value, digits - whole);
  const bool gained_a_digit = static_cast<int>(std::min(text.find('.'), text.size())) > whole;  // 99.96 became 100.0
  if (gained_a_digit && whole == 3) {
    text = fmt::format("{:.{}f}", 1.0, digits - 1);
    ++unit;
  } else if (gained_a_digit) {
    text = fmt::format("{:.{}f}", value, digits - whole - 1);
  }
  return text + std::string(units[unit]);
}

std::string number_text(std::uint64_t number, NumberStyle style, int digits = 3) {
  if (!style.exact) return human(number, digits);
  return style.commas ? with_commas(number) : fmt::to_string(number);
}

// A lower bound must not be rounded up.
std::uint64_t rounded_down(std::uint64_t number, int digits) {
  if (number < 10'000) return number;
  std::uint64_t bound = 1;  // the first number of more digits
  for (int i = 0; i < digits; ++i) bound *= 10;
  std::uint64_t scale = 1;
  for (std::uint64_t left = number; left >= bound; left /= 10) scale *= 10;
  return number / scale * scale;
}

bool has_nameless(const Count& count) {
  return std::any_of(count.terms().begin(), count.terms().end(), [](const Count::Term& term) {
    return std::find(term.factors.begin(), term.factors.end(), kNameless) != term.factors.end();
  });
}

// What each symbol of the count is called.
std::map<SymbolId, std::string> names_of(const Model& model, const Count& count, std::string_view within,
                                         bool unicode) {
  std::set<SymbolId> symbols;
  for (const Count::Term& term : count.terms()) symbols.insert(term.factors.begin(), term.factors.end());
  std::map<std::string_view, int> uses;
  for (SymbolId symbol : symbols) ++uses[model.symbols[symbol].name];
  std::map<SymbolId, std::string> names;
  for (SymbolId id : symbols) {
    const Symbol& symbol = model.symbols[id];
    std::string name = printable(symbol.name, unicode);
    const std::string path = model.path_of(symbol.layer);
    std::string_view layer = path;
    if (!within.empty() && layer.starts_with(within) && layer.substr(within.size()).starts_with('.'))
      layer.remove_prefix(within.size() + 1);
    if (uses[symbol.name] > 1 && !layer.empty()) name = fmt::format("{}.{}", printable(layer, unicode), name);
    names.emplace(id, std::move(name));
  }
  return names;
}

}  // namespace

std::string with_commas(std::uint64_t number) {
  std::string digits = fmt::to_string(number);
  for (std::size_t i = digits.size(); i > 3;) digits.insert(i -= 3, 1, ',');
  return digits;
}

std::string human(std::uint64_t number, int digits) {
  return number < 10'000 ? with_commas(number) : in_units(number, digits, kCountUnits);
}

std::string human_bytes(std::uint64_t bytes, int digits) { return in_units(bytes, digits, kByteUnits); }

std::string expression(const Model& model, const Count& count, NumberStyle style, std::string_view within) {
  if (has_nameless(count)) return "";
  const std::string_view dot = glyphs(style.unicode).dot;
  const std::map<SymbolId, std::string> names = names_of(model, count, within, style.unicode);
  std::vector<Count::Term> terms = count.terms();
  std::sort(terms.begin(), terms.end(), [](const auto& a, const auto& b) { return a.factors < b.factors; });
  std::string text;
  for (const Count::Term& term : terms) {
    if (!text.empty()) text += " + ";
    std::string product = term.coefficient == 1 ? "" : number_text(term.coefficient, style);
    for (SymbolId symbol : term.factors) {
      if (!product.empty()) product += dot;
      product += names.at(symbol);
    }
    text += product;
  }
  if (count.known() == 0 && !text.empty()) return text;
  if (!text.empty()) text += " + ";
  return text + number_text(count.known(), style);
}

std::string count_text(const Model& model, const Count& count, NumberStyle style, std::string_view within) {
  if (!count.is_exact() && count.terms().size() <= kLongestExpression) {
    std::string text = expression(model, count, style, within);
    if (!text.empty()) return text;
  }
  return total_text(count, style);
}

std::string total_text(const Count& count, NumberStyle style, int digits) {
  if (count.is_exact()) return number_text(count.known(), style, digits);
  if (count.known() == 0) return "?";
  const std::uint64_t bound = style.exact ? count.known() : rounded_down(count.known(), digits);
  return fmt::format("{} {}", glyphs(style.unicode).at_least, number_text(bound, style, digits));
}

std::string bytes_text(const Count& bytes, NumberStyle style, int digits) {
  const std::uint64_t shown = bytes.is_exact() || style.exact ? bytes.known() : rounded_down(bytes.known(), digits);
  std::string number = style.exact ? with_commas(shown) + " B" : human_bytes(shown, digits);
  if (bytes.is_exact()) return number;
  if (bytes.known() == 0) return "?";
  return fmt::format("{} {}", glyphs(style.unicode).at_least, number);
}

std::string bits_text(const Tally& tally) {
  const std::uint64_t parameters = tally.parameters.known();
  if (parameters == 0 || !tally.parameters.is_exact() || !tally.bytes.is_exact()) return "";
  return fmt::format("{:.2f}", 8.0 * static_cast<double>(tally.bytes.known()) / static_cast<double>(parameters));
}

}  // namespace weigh
