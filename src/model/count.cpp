#include "weigh/count.h"

#include <algorithm>

#include "bytes/checked.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr const char* kOverflow = "a count of elements or bytes exceeds 64 bits; no model is that large";

std::uint64_t within_64_bits(std::optional<std::uint64_t> number) {
  if (!number) throw Error(ErrorKind::corrupt, "", kOverflow);
  return *number;
}

std::uint64_t add(std::uint64_t a, std::uint64_t b) { return within_64_bits(checked_add(a, b)); }
std::uint64_t multiply(std::uint64_t a, std::uint64_t b) { return within_64_bits(checked_mul(a, b)); }

// A sum over a model of a million lazy layers must not become a polynomial of a million terms, which nobody reads. One
// of more than kMostTerms becomes its constant plus a nameless remainder that no subtraction takes away.
constexpr std::size_t kMostTerms = 64;
constexpr std::uint64_t kEndless = UINT64_MAX;

bool is_endless(const Count::Term& term) { return term.coefficient == kEndless; }

}  // namespace

void Count::fail_overflow() { throw Error(ErrorKind::corrupt, "", kOverflow); }

Count Count::of(Extent extent) {
  if (extent.is_known()) return extent.size();
  Count count;
  count.add_term({extent.symbol()}, 1);
  return count;
}

Count Count::unknown() { return of(Extent::unknown(kNameless)); }

const std::vector<Count::Term>& Count::terms() const {
  static const std::vector<Term> none;
  return terms_ ? *terms_ : none;
}

std::optional<std::uint64_t> Count::evaluate(const std::vector<std::pair<SymbolId, std::uint64_t>>& sizes) const {
  std::uint64_t sum = constant_;
  for (const Term& term : terms()) {
    std::uint64_t product = term.coefficient;
    for (SymbolId factor : term.factors) {
      auto size = std::find_if(sizes.begin(), sizes.end(), [&](const auto& pair) { return pair.first == factor; });
      if (size == sizes.end()) return std::nullopt;
      product = multiply(product, size->second);
    }
    sum = add(sum, product);
  }
  return sum;
}

void Count::add_term(const std::vector<SymbolId>& factors, std::uint64_t coefficient) {
  if (coefficient == 0) return;
  if (!terms_) terms_ = std::make_unique<std::vector<Term>>();
  if (!terms_->empty() && is_endless(terms_->front())) return;
  auto term = std::find_if(terms_->begin(), terms_->end(), [&](const Term& t) { return t.factors == factors; });
  if (term == terms_->end()) {
    terms_->push_back({factors, coefficient});
    if (terms_->size() > kMostTerms || coefficient == kEndless) *terms_ = {{{kNameless}, kEndless}};
  } else {
    term->coefficient = add(term->coefficient, coefficient);
  }
}

void Count::add_terms(const Count& other) {
  for (const Term& term : *other.terms_) add_term(term.factors, term.coefficient);
}

Count& Count::operator-=(const Count& other) {
  constant_ -= other.constant_;
  if (terms_ && is_endless(terms_->front())) return *this;
  for (const Term& term : other.terms()) {
    auto mine = std::find_if(terms_->begin(), terms_->end(), [&](const Term& t) { return t.factors == term.factors; });
    mine->coefficient -= term.coefficient;
    if (mine->coefficient == 0) terms_->erase(mine);
  }
  if (terms_ && terms_->empty()) terms_ = nullptr;
  return *this;
}

void Count::multiply_terms(std::uint64_t factor) {
  if (factor == 0) terms_ = nullptr;
  if (terms_)
    for (Term& term : *terms_)
      if (!is_endless(term)) term.coefficient = multiply(term.coefficient, factor);
}

Count operator*(const Count& a, const Count& b) {
  if (b.is_exact()) return Count(a) *= b.constant_;
  if (a.is_exact()) return Count(b) *= a.constant_;
  Count product = multiply(a.constant_, b.constant_);
  for (const Count::Term& term : a.terms()) product.add_term(term.factors, multiply(term.coefficient, b.constant_));
  for (const Count::Term& term : b.terms()) product.add_term(term.factors, multiply(term.coefficient, a.constant_));
  for (const Count::Term& left : a.terms()) {
    for (const Count::Term& right : b.terms()) {
      std::vector<SymbolId> factors;
      std::merge(left.factors.begin(), left.factors.end(), right.factors.begin(), right.factors.end(),
                 std::back_inserter(factors));
      product.add_term(factors, multiply(left.coefficient, right.coefficient));
    }
  }
  return product;
}

bool operator==(const Count& a, const Count& b) {
  auto contains = [&](const Count::Term& term) {
    return std::any_of(b.terms().begin(), b.terms().end(), [&](const Count::Term& other) {
      return other.factors == term.factors && other.coefficient == term.coefficient;
    });
  };
  return a.constant_ == b.constant_ && a.terms().size() == b.terms().size() &&
         std::all_of(a.terms().begin(), a.terms().end(), contains);
}

}  // namespace weigh
