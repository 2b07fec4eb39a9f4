// What differs between two models: of files of any formats, or of live modules.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "weigh/evidence.h"
#include "weigh/render.h"
#include "weigh/summary.h"

namespace weigh {

// Names of A that begin with `from` are looked for in B with `to` in its place: whole names of modules, "" for none.
// What is told so is no difference.
struct PrefixMap {
  std::string from;  // "model"
  std::string to;    // ""
};

struct DiffOptions {
  std::vector<PrefixMap> maps = {};
  // How alike two paths must be, in per cent, to be taken for one that was renamed; above 100: none is.
  unsigned least_likeness = 50;
  bool fold = true;     // differences in numbered siblings that follow each other become one
  bool values = false;  // compare the weights, too: the models were read with ReadOptions::locations, and their files
                        // are read again
};

enum class Change : std::uint8_t {
  changed,  // both have it, and it is not the same
  moved,    // both have it, under two names
  went,     // A has it alone
  came,     // B has it alone
};
std::string_view name(Change change);

// In what the two of a pair differ.
enum class Fact : std::uint8_t { type, shape, dtype, packing, role, state, layout, requires_grad, tie, values, count_ };
std::string_view name(Fact fact);  // "requires_grad"

class FactSet {
 public:
  void insert(Fact fact) { bits_ |= bit(fact); }
  bool contains(Fact fact) const { return (bits_ & bit(fact)) != 0; }
  bool empty() const { return bits_ == 0; }
  std::uint32_t bits() const { return bits_; }

 private:
  static std::uint32_t bit(Fact fact) { return std::uint32_t{1} << static_cast<unsigned>(fact); }
  std::uint32_t bits_ = 0;
};

// How far apart numbers of one dtype are.
struct Distance {
  std::uint64_t elements = 0;     // that were compared
  std::uint64_t differing = 0;    // of which the bits differ; of elements without numbers (packed, blocks) whole bytes
  std::uint64_t not_numbers = 0;  // of these, where one of the two is no finite number: left out of what follows
  bool has_numbers = false;       // the dtype is one of plain numbers
  double largest = 0;             // of |a - b|
  double sum = 0;                 // of |a - b|

  double mean() const { return elements > not_numbers ? sum / static_cast<double>(elements - not_numbers) : 0; }
  Distance& operator+=(const Distance& other);
};

// One line: a tensor, or a module with all below it, or several that stand at the same place in numbered siblings.
struct Difference {
  Change change = Change::changed;
  bool is_module = false;
  FactSet facts = {};    // of what is changed
  Index a = kNone;       // in the modules or tensors of A: the first of them; kNone where it came
  Index b = kNone;       // in those of B; kNone where it went
  Index last_a = kNone;  // the last of them: their paths differ in numbers, and all between these are there
  Index last_b = kNone;
  std::uint64_t repeat = 1;   // how many they are
  std::uint64_t tensors = 1;  // of a module all below it, times `repeat`
  // How it is known that the two of a pair are one: recorded (one path), by convention (a wrapper put itself between),
  // derived (the paths are the same behind two prefixes), or assumed, as far as `likeness` says in per cent.
  Evidence evidence = Evidence::recorded;
  unsigned likeness = 100;
  Distance distance = {};  // where facts has values; of all of them
};

// What the configurations tell, or the rest of the file, where that differs. A text is "" where one of them has none.
struct Setting {
  std::string name;  // "architecture", "experts.per_token", "optimizer state 'adam'"
  std::string a;
  std::string b;
};

struct Diff {
  // Totals of both; they refer to the models, which must outlive them.
  Summary a;
  Summary b;
  std::vector<Difference> differences;  // by change, then in the order of A, or of B
  std::vector<Setting> settings;
  // Tensors: of pairs those that are equal, and those that are not; those of one side alone.
  std::uint64_t equal = 0;
  std::uint64_t changed = 0;
  std::uint64_t moved = 0;  // of both
  std::uint64_t went = 0;
  std::uint64_t came = 0;
  bool has_values = false;  // the weights were compared, too
  // Pairs that are equal but for their values, which were not compared, and why the first of them was not.
  std::uint64_t not_compared = 0;
  std::string not_compared_why;

  // Of values that were not compared nothing is said: see not_compared.
  bool is_equal() const { return differences.empty() && settings.empty(); }
  // Whether they are rather two models than two states of one: less than a tenth of the smaller one's tensors are in
  // the other.
  bool is_foreign() const;
};

// Throws Error(usage) for a map whose prefix A or B does not have, and what stops the reading of weights.
Diff diff(const Model& a, const Model& b, const DiffOptions& options = {});

// A table, JSON or Markdown, as the options say: docs/diff.md. Of a table and of Markdown the first `most` differences
// (0: all). Requires: a format of these three. Text that ends with a newline.
std::string render(const Diff& diff, const RenderOptions& options = {}, std::size_t most = 0);

}  // namespace weigh
