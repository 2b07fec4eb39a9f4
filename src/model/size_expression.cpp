#include "model/size_expression.h"

#include <charconv>
#include <utility>

namespace weigh {
namespace {

constexpr int kDeepest = 16;  // parentheses in parentheses; those of real models have two or three

using Value = std::optional<std::int64_t>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

class Evaluator {
 public:
  Evaluator(std::string_view text, const std::function<Value(std::string_view)>& size_of)
      : rest_(text), size_of_(size_of) {}

  std::optional<SizeExpression> whole() {
    result_.value = sum(0);
    if (is_refused_ || !rest_.empty()) return std::nullopt;
    if (result_.value && *result_.value < 0) result_.wrong = std::to_string(*std::exchange(result_.value, {}));
    return std::move(result_);
  }

 private:
  Value sum(int depth) {
    Value left = product(depth);
    while (!is_refused_) {
      if (skip(" + ")) {
        left = apply(left, product(depth), [](auto a, auto b, auto* to) { return __builtin_add_overflow(a, b, to); });
      } else if (skip(" - ")) {
        left = apply(left, product(depth), [](auto a, auto b, auto* to) { return __builtin_sub_overflow(a, b, to); });
      } else {
        break;
      }
    }
    return left;
  }

  Value product(int depth) {
    Value left = factor(depth);
    while (!is_refused_) {
      if (skip(" // ") || skip("//")) {
        left = rounded_down(left, factor(depth));
      } else if (rest_.size() > 1 && rest_[0] == '/' && is_digit(rest_[1])) {
        skip("/");
        left = whole_part(left, factor(depth));
      } else if (skip(" * ") || skip("*") || skip("·")) {
        left = apply(left, factor(depth), [](auto a, auto b, auto* to) { return __builtin_mul_overflow(a, b, to); });
      } else {
        break;
      }
    }
    return left;
  }

  Value factor(int depth) {
    if (skip("(")) {
      const Value inner = depth < kDeepest ? sum(depth + 1) : refused();
      return skip(")") ? inner : refused();
    }
    const std::size_t length = rest_.find_first_of(" *()/\xc2");  // the first byte of "·"
    const std::string_view word = rest_.substr(0, length);
    rest_.remove_prefix(word.size());
    if (word.empty()) return refused();
    if (is_digit(word[0])) return number(word);
    const Value size = size_of_(word);
    size ? result_.text += std::to_string(*size) : result_.text += word;
    return size;
  }

  Value number(std::string_view digits) {
    std::int64_t value = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc() || end != digits.data() + digits.size()) return refused();
    result_.text += digits;
    return value;
  }

  Value rounded_down(Value left, Value right) {
    if (right && *right <= 0) return refused();
    if (!left || !right) return std::nullopt;
    return *left / *right - (*left % *right < 0 ? 1 : 0);
  }

  Value whole_part(Value left, Value right) {
    if (right && *right <= 0) return refused();
    if (!left || !right) return std::nullopt;
    if (*left % *right == 0) return *left / *right;
    result_.wrong = "a fraction";
    return std::nullopt;
  }

  template <class Operation>
  Value apply(Value left, Value right, Operation&& operation) {
    std::int64_t result = 0;
    if (!left || !right) return std::nullopt;
    if (!operation(*left, *right, &result)) return result;
    result_.wrong = "larger than " + std::to_string(INT64_MAX);
    return std::nullopt;
  }

  Value refused() {
    is_refused_ = true;
    return std::nullopt;
  }

  bool skip(std::string_view text) {
    const bool is_there = rest_.starts_with(text);
    if (!is_there) return false;
    rest_.remove_prefix(text.size());
    result_.text += text;
    return true;
  }

  std::string_view rest_;
  const std::function<Value(std::string_view)>& size_of_;
  SizeExpression result_;
  bool is_refused_ = false;
};

}  // namespace

std::optional<SizeExpression> evaluate(std::string_view text,
                                       const std::function<std::optional<std::int64_t>(std::string_view)>& size_of) {
  return Evaluator(text, size_of).whole();
}

}  // namespace weigh
