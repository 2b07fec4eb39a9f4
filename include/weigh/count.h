// Extents and counts that may be unknown, and say so.
#pragma once

#include <cstdint>
#include <memory>
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
// it costs no more than one. Arithmetic that leaves 64 bits throws Error(corrupt): no model is that large. A sum of
// more than 64 terms keeps its constant and forgets the terms: what it holds beside it is then nameless.
class Count {
 public:
  // A product of unknown extents (sorted, with repetition) and how often it occurs.
  struct Term {
    std::vector<SymbolId> factors;
    std::uint64_t coefficient = 0;
  };

  Count() = default;
  Count(std::uint64_t number) : constant_(number) {}  // NOLINT(google-explicit-constructor): a number is a count
  Count(const Count& other) : constant_(other.constant_) {
    if (other.terms_) terms_ = std::make_unique<std::vector<Term>>(*other.terms_);
  }
  Count(Count&&) noexcept = default;
  Count& operator=(const Count& other) {
    if (this != &other) *this = Count(other);
    return *this;
  }
  Count& operator=(Count&&) noexcept = default;
  ~Count() = default;

  static Count of(Extent extent);
  // The factor kNameless: it may be anything.
  static Count unknown();

  bool is_exact() const { return terms_ == nullptr; }
  // The constant term: what is known of it, and a lower bound of it.
  std::uint64_t known() const { return constant_; }
  const std::vector<Term>& terms() const;
  // The number it becomes with these sizes for the symbols; nothing where one is missing.
  std::optional<std::uint64_t> evaluate(const std::vector<std::pair<SymbolId, std::uint64_t>>& sizes) const;

  Count& operator+=(const Count& other) {
    if (__builtin_add_overflow(constant_, other.constant_, &constant_)) fail_overflow();
    if (other.terms_) add_terms(other);
    return *this;
  }
  Count& operator-=(const Count& other);  // Requires: every term of `other` is in this
  Count& operator*=(std::uint64_t factor) {
    if (__builtin_mul_overflow(constant_, factor, &constant_)) fail_overflow();
    if (terms_) multiply_terms(factor);
    return *this;
  }
  friend Count operator+(Count a, const Count& b) { return a += b; }
  friend Count operator*(const Count& a, const Count& b);
  friend bool operator==(const Count& a, const Count& b);

 private:
  [[noreturn]] static void fail_overflow();
  void add_terms(const Count& other);
  void multiply_terms(std::uint64_t factor);
  void add_term(const std::vector<SymbolId>& factors, std::uint64_t coefficient);

  std::uint64_t constant_ = 0;
  std::unique_ptr<std::vector<Term>> terms_;  // null when exact; never empty
};

}  // namespace weigh
