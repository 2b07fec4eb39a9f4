// A type is one line of one text, found by halves: the program starts no slower for it, since a text needs no pointers.
//   TYPE TIED KEEPS PATTERN KEY PART BUFFER…
// TIED: t, f, - (no such key). KEEPS: y, s(tate), d (if it is told to be a decoder), n, ?. PATTERN: a letter for each
// layer of a period, or - . KEY: a key or - . PART: the type of the part that makes text, or - .
#include "conventions/transformers.h"

#include <algorithm>
#include <array>
#include <utility>

#include "conventions/diffusers_table.inc"
#include "conventions/transformers_table.inc"

namespace weigh::conventions {
namespace {

// The words of a line, one after the other.
class Words {
 public:
  explicit Words(std::string_view line) : rest_(line) {}
  std::string_view next() {
    const std::size_t space = rest_.find(' ');
    const std::string_view word = rest_.substr(0, space);
    rest_ = space == std::string_view::npos ? std::string_view() : rest_.substr(space + 1);
    return word;
  }
  std::string_view rest() const { return rest_; }

 private:
  std::string_view rest_;
};

std::string_view line_at(std::string_view table, std::size_t begin) {
  return table.substr(begin, table.find('\n', begin) - begin);
}

// The line that holds this place.
std::size_t line_begin(std::string_view table, std::size_t place) {
  const std::size_t before = place == 0 ? std::string_view::npos : table.rfind('\n', place - 1);
  return before == std::string_view::npos ? 0 : before + 1;
}

// What follows the line's first word, which is this; nothing where there is no such line.
std::optional<std::string_view> find_line(std::string_view table, std::string_view word) {
  std::size_t low = 0;
  std::size_t high = table.size();
  while (low < high) {
    const std::size_t begin = line_begin(table, low + (high - low) / 2);
    const std::string_view line = line_at(table, begin);
    const std::string_view name = Words(line).next();
    if (name == word) return line.substr(std::min(name.size() + 1, line.size()));
    if (name < word) {
      low = begin + line.size() + 1;
    } else {
      high = begin;
    }
  }
  return std::nullopt;
}

struct Type {
  std::string_view tied;
  std::string_view keeps;
  std::string_view pattern;
  std::string_view key;
  std::string_view part;
  std::string_view buffers;
};

std::optional<Type> find(std::string_view model_type) {
  const std::optional<std::string_view> line = find_line(kTypes, model_type);
  if (!line) return std::nullopt;
  Words words(*line);
  const std::string_view tied = words.next();
  const std::string_view keeps = words.next();
  const std::string_view pattern = words.next();
  const std::string_view key = words.next();
  const std::string_view part = words.next();
  return Type{tied, keeps, pattern, key, part, words.rest()};
}

constexpr std::array<std::pair<char, LayerKind>, 10> kLetters = {{{'f', LayerKind::full},
                                                                  {'w', LayerKind::window},
                                                                  {'c', LayerKind::chunked},
                                                                  {'s', LayerKind::state},
                                                                  {'h', LayerKind::full_and_state},
                                                                  {'g', LayerKind::window_and_state},
                                                                  {'i', LayerKind::indexed},
                                                                  {'p', LayerKind::compressed},
                                                                  {'a', LayerKind::window_of_answer},
                                                                  {'n', LayerKind::none}}};

}  // namespace

std::string_view transformers_version() { return kVersion; }

bool is_known_type(std::string_view model_type) { return find(model_type).has_value(); }

std::string_view type_of_class(std::string_view name) {
  std::size_t end = std::min(name.find("For"), name.find("LMHead"));
  if (end == std::string_view::npos && name.ends_with("Model")) end = name.size() - 5;
  if (end == std::string_view::npos) return "";
  // Types are small letters with signs between them.
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (const std::string_view type : transformers_types()) {
    std::size_t i = 0;
    for (const char letter : type) {
      if (letter == '_' || letter == '-') continue;
      if (i == end || lower(name[i]) != letter) {
        i = std::string_view::npos;
        break;
      }
      ++i;
    }
    if (i == end) return type;
  }
  return "";
}

std::optional<bool> tied_by_default(std::string_view model_type) {
  const std::optional<Type> type = find(model_type);
  return !type || type->tied == "-" ? std::nullopt : std::optional(type->tied == "t");
}

KeepsKeys keeps_keys_and_values(std::string_view model_type) {
  const std::optional<Type> type = find(model_type);
  if (!type) return KeepsKeys::unknown;
  switch (type->keeps.front()) {
    case 'y': return KeepsKeys::yes;
    case 's': return KeepsKeys::state;
    case 'd': return KeepsKeys::if_decoder;
    case 'n': return KeepsKeys::no;
    default: return KeepsKeys::unknown;
  }
}

LayerPattern layer_pattern(std::string_view model_type) {
  std::optional<Type> type = find(model_type);
  if (type && type->pattern == "-" && type->part != "-") type = find(type->part);
  LayerPattern pattern;
  if (!type) return pattern;
  if (type->key != "-") pattern.period_key = type->key;
  if (type->pattern == "-") return pattern;
  for (const char letter : type->pattern)
    pattern.period.push_back(
        std::find_if(kLetters.begin(), kLetters.end(), [&](const auto& row) { return row.first == letter; })->second);
  return pattern;
}

std::vector<std::string_view> persistent_buffers(std::string_view name) {
  const std::optional<Type> type = find(name);
  Words words(type ? type->buffers : find_line(kDiffusersClasses, name).value_or(""));
  std::vector<std::string_view> names;
  for (std::string_view buffer = words.next(); !buffer.empty(); buffer = words.next()) names.push_back(buffer);
  return names;
}

std::vector<std::string_view> transformers_types() {
  std::vector<std::string_view> types;
  for (std::size_t begin = 0; begin < kTypes.size(); begin += line_at(kTypes, begin).size() + 1)
    types.push_back(Words(line_at(kTypes, begin)).next());
  return types;
}

}  // namespace weigh::conventions
