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

// What is more than a number below 2^63.
struct Count::Sum {
  std::uint64_t constant = 0;
  std::vector<Term> terms;

  void add(const std::vector<SymbolId>& factors, std::uint64_t coefficient);
};

void Count::Sum::add(const std::vector<SymbolId>& factors, std::uint64_t coefficient) {
  if (coefficient == 0) return;
  if (!terms.empty() && is_endless(terms.front())) return;
  const auto term = std::find_if(terms.begin(), terms.end(), [&](const Term& t) { return t.factors == factors; });
  if (term == terms.end()) {
    terms.push_back({factors, coefficient});
    if (terms.size() > kMostTerms || coefficient == kEndless) terms = {{{kNameless}, kEndless}};
  } else {
    term->coefficient = weigh::add(term->coefficient, coefficient);
  }
}

const Count::Sum& Count::sum() const {
  return *reinterpret_cast<const Sum*>(~raw_);  // NOLINT(performance-no-int-to-ptr)
}
std::uint64_t Count::constant() const { return sum().constant; }
void Count::make_sum(std::uint64_t constant) { raw_ = ~reinterpret_cast<std::uintptr_t>(new Sum{constant, {}}); }
void Count::copy_sum() { raw_ = ~reinterpret_cast<std::uintptr_t>(new Sum(sum())); }
void Count::delete_sum() const { delete &sum(); }

Count Count::from(Sum sum) {
  Count count;
  if (sum.terms.empty()) return sum.constant;
  count.raw_ = ~reinterpret_cast<std::uintptr_t>(new Sum(std::move(sum)));
  return count;
}

Count::Sum Count::to_sum() const { return is_sum() ? sum() : Sum{raw_, {}}; }

Count Count::of(Extent extent) {
  if (extent.is_known()) return extent.size();
  return from({0, {{{extent.symbol()}, 1}}});
}

Count Count::unknown() { return of(Extent::unknown(kNameless)); }

const std::vector<Count::Term>& Count::terms() const {
  static const std::vector<Term> none;
  return is_sum() ? sum().terms : none;
}

std::optional<std::uint64_t> Count::evaluate(const std::vector<std::pair<SymbolId, std::uint64_t>>& sizes) const {
  std::uint64_t result = known();
  for (const Term& term : terms()) {
    std::uint64_t product = term.coefficient;
    for (SymbolId factor : term.factors) {
      auto size = std::find_if(sizes.begin(), sizes.end(), [&](const auto& pair) { return pair.first == factor; });
      if (size == sizes.end()) return std::nullopt;
      product = weigh::multiply(product, size->second);
    }
    result = weigh::add(result, product);
  }
  return result;
}

Count Count::with(const std::vector<std::optional<std::uint64_t>>& sizes) const {
  if (is_exact()) return *this;
  Sum result{known(), {}};
  for (const Term& term : terms()) {
    Term left{{}, term.coefficient};
    for (const SymbolId factor : term.factors) {
      if (factor < sizes.size() && sizes[factor]) {
        left.coefficient = weigh::multiply(left.coefficient, *sizes[factor]);
      } else {
        left.factors.push_back(factor);
      }
    }
    if (left.factors.empty()) {
      result.constant = weigh::add(result.constant, left.coefficient);
    } else {
      result.add(left.factors, left.coefficient);
    }
  }
  return from(std::move(result));
}

Count& Count::add(const Count& other) {
  Sum result = to_sum();
  result.constant = weigh::add(result.constant, other.known());
  for (const Term& term : other.terms()) result.add(term.factors, term.coefficient);
  return *this = from(std::move(result));
}

Count& Count::operator-=(const Count& other) {
  Sum result = to_sum();
  result.constant -= other.known();
  const bool is_nameless = !result.terms.empty() && is_endless(result.terms.front());
  for (const Term& term : is_nameless ? std::vector<Term>() : other.terms()) {
    const auto mine = std::find_if(result.terms.begin(), result.terms.end(),
                                   [&](const Term& t) { return t.factors == term.factors; });
    mine->coefficient -= term.coefficient;
    if (mine->coefficient == 0) result.terms.erase(mine);
  }
  return *this = from(std::move(result));
}

Count& Count::multiply(std::uint64_t factor) {
  Sum result = to_sum();
  result.constant = weigh::multiply(result.constant, factor);
  if (factor == 0) result.terms.clear();
  for (Term& term : result.terms)
    if (!is_endless(term)) term.coefficient = weigh::multiply(term.coefficient, factor);
  return *this = from(std::move(result));
}

Count operator*(const Count& a, const Count& b) {
  if (b.is_exact()) return Count(a) *= b.known();
  if (a.is_exact()) return Count(b) *= a.known();
  Count::Sum product{multiply(a.known(), b.known()), {}};
  for (const Count::Term& term : a.terms()) product.add(term.factors, multiply(term.coefficient, b.known()));
  for (const Count::Term& term : b.terms()) product.add(term.factors, multiply(term.coefficient, a.known()));
  for (const Count::Term& left : a.terms()) {
    for (const Count::Term& right : b.terms()) {
      std::vector<SymbolId> factors;
      std::merge(left.factors.begin(), left.factors.end(), right.factors.begin(), right.factors.end(),
                 std::back_inserter(factors));
      product.add(factors, multiply(left.coefficient, right.coefficient));
    }
  }
  return Count::from(std::move(product));
}

bool operator==(const Count& a, const Count& b) {
  auto contains = [&](const Count::Term& term) {
    return std::any_of(b.terms().begin(), b.terms().end(), [&](const Count::Term& other) {
      return other.factors == term.factors && other.coefficient == term.coefficient;
    });
  };
  return a.known() == b.known() && a.terms().size() == b.terms().size() &&
         std::all_of(a.terms().begin(), a.terms().end(), contains);
}

}  // namespace weigh
