// Extents and counts that may be unknown, and say so.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace weigh {

// An index into Model::symbols, or kNameless: a number of which nothing is known, not even what it is the size of.
using SymbolId = std::uint32_t;
inline constexpr SymbolId kNameless = 0xFFFF'FFFF;

// One size of a shape: a number, or an unknown with a name.
class Extent {
 public:
  constexpr Extent() = default;
  constexpr explicit Extent(std::uint64_t size) : raw_(static_cast<std::int64_t>(size)) {}
  static constexpr Extent unknown(SymbolId symbol) {
    Extent extent;
    extent.raw_ = -1 - static_cast<std::int64_t>(symbol);
    return extent;
  }
  // No format stores a larger size.
  static constexpr std::uint64_t kMax = INT64_MAX;

  constexpr bool is_known() const { return raw_ >= 0; }
  constexpr std::uint64_t size() const { return static_cast<std::uint64_t>(raw_); }  // Requires: is_known()
  constexpr SymbolId symbol() const { return static_cast<SymbolId>(-1 - raw_); }     // Requires: !is_known()
  friend constexpr bool operator==(Extent a, Extent b) { return a.raw_ == b.raw_; }
  friend constexpr bool operator!=(Extent a, Extent b) { return a.raw_ != b.raw_; }

 private:
  std::int64_t raw_ = 0;
};

// A polynomial in unknown extents with unsigned 64-bit coefficients: 64·in + 64. Almost always just a number, and then
// it is no larger than one and costs hardly more. Arithmetic that leaves 64 bits throws Error(corrupt): no model is
// that large. A sum of more than 64 terms keeps its constant and forgets the terms: what it holds beside it is then
// nameless.
class Count {
 public:
  // A product of unknown extents (sorted, with repetition) and how often it occurs.
  struct Term {
    std::vector<SymbolId> factors;
    std::uint64_t coefficient = 0;
  };

  Count() = default;
  Count(std::uint64_t number) : raw_(number) {  // NOLINT(google-explicit-constructor): a number is a count
    if (is_sum()) make_sum(number);
  }
  Count(const Count& other) : raw_(other.raw_) {
    if (is_sum()) copy_sum();
  }
  Count(Count&& other) noexcept : raw_(std::exchange(other.raw_, 0)) {}
  Count& operator=(Count other) noexcept {
    std::swap(raw_, other.raw_);
    return *this;
  }
  ~Count() {
    if (is_sum()) delete_sum();
  }

  static Count of(Extent extent);
  // The factor kNameless: it may be anything.
  static Count unknown();

  bool is_exact() const { return !is_sum() || terms().empty(); }
  // The constant term: what is known of it, and a lower bound of it.
  std::uint64_t known() const { return is_sum() ? constant() : raw_; }
  const std::vector<Term>& terms() const;
  // The number it becomes with these sizes for the symbols; nothing where one is missing.
  std::optional<std::uint64_t> evaluate(const std::vector<std::pair<SymbolId, std::uint64_t>>& sizes) const;
  // The count with the sizes of symbols in their place, by SymbolId; those without one stay.
  Count with(const std::vector<std::optional<std::uint64_t>>& sizes) const;

  Count& operator+=(const Count& other) {
    if (is_sum() || other.is_sum()) return add(other);
    raw_ += other.raw_;
    if (is_sum()) make_sum(raw_);
    return *this;
  }
  Count& operator-=(const Count& other);  // Requires: every term of `other` is in this
  Count& operator*=(std::uint64_t factor) {
    std::uint64_t product = 0;
    if (is_sum() || __builtin_mul_overflow(raw_, factor, &product)) return multiply(factor);
    return *this = product;
  }
  friend Count operator+(Count a, const Count& b) { return a += b; }
  friend Count operator*(const Count& a, const Count& b);
  friend bool operator==(const Count& a, const Count& b);

 private:
  struct Sum;
  // A number below 2^63, or a pointer to a Sum with all bits turned over: no pointer has the highest.
  bool is_sum() const { return raw_ >> 63 != 0; }
  const Sum& sum() const;
  std::uint64_t constant() const;
  void make_sum(std::uint64_t constant);
  void copy_sum();
  void delete_sum() const;
  static Count from(Sum sum);
  Sum to_sum() const;
  Count& add(const Count& other);
  Count& multiply(std::uint64_t factor);

  std::uint64_t raw_ = 0;
};

}  // namespace weigh
