#include "analysis/pattern.h"

#include <bitset>
#include <cstdint>
#include <optional>
#include <vector>

namespace weigh {
namespace {

constexpr std::size_t kLongest = 500;

using Characters = std::bitset<256>;

// What stands between operators, in the order in which it is worked on (operators behind their operands).
struct Token {
  enum class Kind : std::uint8_t { characters, begin, end, empty, join, either, star, plus, maybe, open };
  Kind kind = Kind::characters;
  Characters characters = {};
};
using Kind = Token::Kind;

Characters range(unsigned char first, unsigned char last) {
  Characters set;
  for (unsigned c = first; c <= last; ++c) set.set(c);
  return set;
}

Characters escaped(char c) {
  const Characters digits = range('0', '9');
  const Characters word = digits | range('a', 'z') | range('A', 'Z') | range('_', '_');
  const Characters space = range('\t', '\r') | range(' ', ' ');
  switch (c) {
    case 'd': return digits;
    case 'D': return ~digits;
    case 'w': return word;
    case 'W': return ~word;
    case 's': return space;
    case 'S': return ~space;
    default: return range(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
  }
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<std::vector<Token>> parse() {
    if (text_.size() > kLongest) return std::nullopt;
    while (at_ < text_.size())
      if (!step(text_[at_++])) return std::nullopt;
    finish_sequence();
    while (!operators_.empty()) {
      if (operators_.back() == Kind::open) return std::nullopt;
      pop();
    }
    return std::move(out_);
  }

 private:
  bool step(char c) {
    switch (c) {
      case '(':
        if (text_.substr(at_).starts_with("?:")) at_ += 2;
        if (text_.substr(at_).starts_with("?")) return false;
        begin_atom();
        operators_.push_back(Kind::open);
        has_atom_ = false;
        return true;
      case ')': return close();
      case '|':
        finish_sequence();
        pop_to_open();
        operators_.push_back(Kind::either);
        has_atom_ = false;
        return true;
      case '*': return repeat(Kind::star);
      case '+': return repeat(Kind::plus);
      case '?': return repeat(Kind::maybe);
      case '{': return false;
      case '^': return atom({Kind::begin});
      case '$': return atom({Kind::end});
      case '.': return atom({Kind::characters, ~range('\n', '\n')});
      case '[': return set();
      case '\\': return at_ < text_.size() && is_plain_escape() && atom({Kind::characters, escaped(text_[at_++])});
      default: return atom({Kind::characters, escaped_literal(c)});
    }
  }

  static Characters escaped_literal(char c) {
    return range(static_cast<unsigned char>(c), static_cast<unsigned char>(c));
  }
  // \b, \1 and their kin mean something else.
  bool is_plain_escape() const {
    const char c = text_[at_];
    const bool is_letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    return !is_letter || std::string_view("dDwWsS").find(c) != std::string_view::npos;
  }

  void begin_atom() {
    if (!has_atom_) return;
    while (!operators_.empty() && operators_.back() == Kind::join) pop();
    operators_.push_back(Kind::join);
  }
  bool atom(Token token) {
    begin_atom();
    out_.push_back(token);
    return has_atom_ = true;
  }
  bool repeat(Kind kind) {
    if (!has_atom_) return false;
    out_.push_back({kind});
    if (text_.substr(at_).starts_with("?")) ++at_;  // as few as do: the same texts match
    return true;
  }
  bool close() {
    finish_sequence();
    pop_to_open();
    if (operators_.empty()) return false;
    operators_.pop_back();
    return has_atom_ = true;
  }
  void finish_sequence() {
    if (!has_atom_) out_.push_back({Kind::empty});
    has_atom_ = true;
  }
  void pop_to_open() {
    while (!operators_.empty() && operators_.back() != Kind::open) pop();
  }
  void pop() {
    out_.push_back({operators_.back()});
    operators_.pop_back();
  }

  bool set() {
    Characters set;
    bool is_negated = false;
    if (at_ < text_.size() && text_[at_] == '^') is_negated = (++at_, true);
    for (bool is_first = true; at_ < text_.size() && (is_first || text_[at_] != ']'); is_first = false) {
      const char c = text_[at_++];
      if (c == '\\') {
        if (at_ >= text_.size() || !is_plain_escape()) return false;
        set |= escaped(text_[at_++]);
      } else if (at_ + 1 < text_.size() && text_[at_] == '-' && text_[at_ + 1] != ']') {
        set |= range(static_cast<unsigned char>(c), static_cast<unsigned char>(text_[at_ + 1]));
        at_ += 2;
      } else {
        set |= escaped_literal(c);
      }
    }
    if (at_ >= text_.size()) return false;
    ++at_;
    return atom({Kind::characters, is_negated ? ~set : set});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<Token> out_;
  std::vector<Kind> operators_;
  bool has_atom_ = false;  // what a repetition would repeat
};

// States that lead on by a character, or to two others at once.
class Machine {
 public:
  explicit Machine(const std::vector<Token>& tokens) {
    for (const Token& token : tokens) add(token);
    if (fragments_.size() == 1) {
      const std::uint32_t end = state({State::Kind::accept});
      patch(fragments_[0], end);
      start_ = fragments_[0].start;
    }
  }

  bool matches(std::string_view text) {
    if (fragments_.size() != 1) return false;
    std::vector<std::uint32_t> now;
    std::vector<std::uint32_t> next;
    seen_.assign(states_.size(), 0);
    enter(start_, 0, text.size(), now);
    for (std::size_t i = 0; !accepted_ && i < text.size() && !now.empty(); ++i) {
      next.clear();
      for (const std::uint32_t one : now)
        if (states_[one].characters[static_cast<unsigned char>(text[i])])
          enter(states_[one].out[0], i + 1, text.size(), next);
      now.swap(next);
    }
    return accepted_;
  }

 private:
  struct State {
    enum class Kind : std::uint8_t { characters, begin, end, split, accept };
    Kind kind = Kind::split;
    Characters characters = {};
    std::uint32_t out[2] = {kOpen, kOpen};
  };
  struct Fragment {
    std::uint32_t start = 0;
    std::vector<std::uint64_t> open;  // state · 2 + which of its ways
  };
  static constexpr std::uint32_t kOpen = UINT32_MAX;

  std::uint32_t state(const State& state) {
    states_.push_back(state);
    return static_cast<std::uint32_t>(states_.size() - 1);
  }
  void patch(const Fragment& fragment, std::uint32_t to) {
    for (const std::uint64_t place : fragment.open) states_[place / 2].out[place % 2] = to;
  }

  void add(const Token& token) {
    switch (token.kind) {
      case Token::Kind::characters: return add_one({State::Kind::characters, token.characters});
      case Token::Kind::begin: return add_one({State::Kind::begin});
      case Token::Kind::end: return add_one({State::Kind::end});
      case Token::Kind::empty: return add_one({State::Kind::split});
      case Token::Kind::join: {
        Fragment second = take();
        Fragment first = take();
        patch(first, second.start);
        fragments_.push_back({first.start, std::move(second.open)});
        return;
      }
      case Token::Kind::either: {
        Fragment second = take();
        Fragment first = take();
        const std::uint32_t split = state({State::Kind::split, {}, {first.start, second.start}});
        first.open.insert(first.open.end(), second.open.begin(), second.open.end());
        fragments_.push_back({split, std::move(first.open)});
        return;
      }
      default: return repeat(token.kind);
    }
  }
  void add_one(const State& one) {
    const std::uint64_t index = state(one);
    fragments_.push_back({static_cast<std::uint32_t>(index), {index * 2}});
  }
  void repeat(Token::Kind kind) {
    Fragment body = take();
    const std::uint64_t split = state({State::Kind::split, {}, {body.start, kOpen}});
    if (kind != Token::Kind::maybe) patch(body, static_cast<std::uint32_t>(split));
    std::vector<std::uint64_t> open = {split * 2 + 1};
    if (kind == Token::Kind::maybe) open.insert(open.end(), body.open.begin(), body.open.end());
    const std::uint32_t start = kind == Token::Kind::plus ? body.start : static_cast<std::uint32_t>(split);
    fragments_.push_back({start, std::move(open)});
  }
  Fragment take() {
    if (fragments_.empty()) return {state({State::Kind::split}), {}};
    Fragment last = std::move(fragments_.back());
    fragments_.pop_back();
    return last;
  }

  // All that is reached without a character, each state once at a place of the text.
  void enter(std::uint32_t first, std::size_t at, std::size_t size, std::vector<std::uint32_t>& list) {
    std::vector<std::uint32_t> open = {first};
    while (!open.empty()) {
      const std::uint32_t one = open.back();
      open.pop_back();
      if (one == kOpen || seen_[one] == at + 1) continue;
      seen_[one] = at + 1;
      const State& state = states_[one];
      switch (state.kind) {
        case State::Kind::accept: accepted_ = true; break;
        case State::Kind::characters: list.push_back(one); break;
        case State::Kind::begin:
          if (at == 0) open.push_back(state.out[0]);
          break;
        case State::Kind::end:
          if (at == size) open.push_back(state.out[0]);
          break;
        case State::Kind::split: open.insert(open.end(), {state.out[1], state.out[0]}); break;
      }
    }
  }

  std::vector<State> states_;
  std::vector<Fragment> fragments_;
  std::vector<std::size_t> seen_;  // by state, the place of the text at which it was reached last, plus 1
  std::uint32_t start_ = 0;
  bool accepted_ = false;
};

}  // namespace

bool matches_beginning(std::string_view pattern, std::string_view text) {
  const std::optional<std::vector<Token>> tokens = Parser(pattern).parse();
  return tokens && Machine(*tokens).matches(text);
}

}  // namespace weigh
