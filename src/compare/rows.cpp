#include "compare/rows.h"

#include <algorithm>
#include <utility>

#include "compare/facts.h"

namespace weigh {
namespace {

// The file names the types of its modules, so that one without tensors is known to be there.
bool tells_types(const Model& model) {
  for (std::size_t i = 1; i < model.modules.size(); ++i)
    if (!model.modules[i].type.empty()) return true;
  return false;
}

// What one side has alone.
class OneSide {
 public:
  OneSide(const Model& model, const std::vector<Index>& modules, const std::vector<Index>& tensors, bool types_count)
      : model_(model),
        tensors_(tensors),
        unpaired_(count_below(model, tensors, false)),
        is_gone_(model.modules.size()) {
    const std::vector<std::size_t> paired = count_below(model, tensors, true);
    for (Index i = 1; i < model.modules.size(); ++i) {
      const bool counts = unpaired_[i] > 0 || (types_count && model.modules[i].alias_of == kNone);
      is_gone_[i] = modules[i] == kNone && paired[i] == 0 && counts;
    }
  }

  template <class Add>
  void each(Add&& add) const {
    for (Index i = 1; i < model_.modules.size(); ++i)
      if (is_gone_[i] && !is_gone_[model_.modules[i].parent]) add(i, true, unpaired_[i]);
    for (Index i = 0; i < model_.tensors.size(); ++i)
      if (tensors_[i] == kNone && !is_gone_[model_.tensors[i].module]) add(i, false, 1);
  }

 private:
  const Model& model_;
  const std::vector<Index>& tensors_;
  std::vector<std::size_t> unpaired_;
  std::vector<bool> is_gone_;
};

class Rows {
 public:
  Rows(Diff& diff, const Pairing& pairing, const std::vector<Distance>& distances)
      : diff_(diff), pairing_(pairing), distances_(distances) {}

  void add_all() {
    add_changed_modules();
    add_moves();
    add_changed_tensors();
    const bool types_count = tells_types(pairing_.a) && tells_types(pairing_.b);
    add_one_side(Change::went, {pairing_.a, pairing_.modules_of_a, pairing_.tensors_of_a, types_count});
    add_one_side(Change::came, {pairing_.b, pairing_.modules_of_b, pairing_.tensors_of_b, types_count});
  }

 private:
  void add(Difference difference) {
    difference.last_a = difference.a;
    difference.last_b = difference.b;
    diff_.differences.push_back(std::move(difference));
  }

  void add_one_side(Change change, const OneSide& side) {
    const bool went = change == Change::went;
    side.each([&](Index index, bool is_module, std::size_t tensors) {
      Difference difference = {.change = change, .is_module = is_module, .tensors = tensors};
      (went ? difference.a : difference.b) = index;
      (went ? diff_.went : diff_.came) += tensors;
      add(std::move(difference));
    });
  }

  void add_changed_modules() {
    for (Index a = 0; a < pairing_.a.modules.size(); ++a) {
      const Index b = pairing_.modules_of_a[a];
      if (b == kNone || !is_of_another_type(pairing_.a.modules[a], pairing_.b.modules[b])) continue;
      Difference difference = {.is_module = true, .a = a, .b = b, .tensors = 0};
      difference.facts.insert(Fact::type);
      add(std::move(difference));
    }
  }

  void add_moves() {
    if (pairing_.moves.empty()) return;
    const std::vector<std::size_t> below_a = count_below(pairing_.a, pairing_.tensors_of_a, true);
    const std::vector<std::size_t> below_b = count_below(pairing_.b, pairing_.tensors_of_b, true);
    for (const Move& move : pairing_.moves) {
      const std::size_t tensors = move.is_module ? std::min(below_a[move.a], below_b[move.b]) : 1;
      if (tensors == 0) continue;  // a wrapper around what B does not have
      add({.change = Change::moved,
           .is_module = move.is_module,
           .a = move.a,
           .b = move.b,
           .tensors = tensors,
           .evidence = move.evidence,
           .likeness = move.likeness});
    }
    count_moved();
  }

  // Each tensor once, however many of the modules above it moved. Of a module that moved, the longer path marks what is
  // below it: the other one may be that of the whole.
  void count_moved() {
    std::vector<bool> of_a(pairing_.a.modules.size());
    std::vector<bool> of_b(pairing_.b.modules.size());
    for (const Move& move : pairing_.moves) {
      if (!move.is_module) {
        ++diff_.moved;
      } else if (pairing_.a.path_of(move.a).size() >= pairing_.b.path_of(move.b).size()) {
        of_a[move.a] = true;
      } else {
        of_b[move.b] = true;
      }
    }
    for (std::size_t i = 1; i < of_a.size(); ++i) of_a[i] = of_a[i] || of_a[pairing_.a.modules[i].parent];
    for (std::size_t i = 1; i < of_b.size(); ++i) of_b[i] = of_b[i] || of_b[pairing_.b.modules[i].parent];
    for (std::size_t i = 0; i < pairing_.a.tensors.size(); ++i) {
      const Index b = pairing_.tensors_of_a[i];
      if (b != kNone && (of_a[pairing_.a.tensors[i].module] || of_b[pairing_.b.tensors[b].module])) ++diff_.moved;
    }
  }

  void add_changed_tensors() {
    for (Index a = 0; a < pairing_.a.tensors.size(); ++a) {
      const Index b = pairing_.tensors_of_a[a];
      if (b == kNone) continue;
      Difference difference = {.facts = facts_of(pairing_, diff_.a, diff_.b, a, b), .a = a, .b = b};
      if (!distances_.empty() && distances_[a].differing > 0) {
        difference.facts.insert(Fact::values);
        difference.distance = distances_[a];
      }
      ++(difference.facts.empty() ? diff_.equal : diff_.changed);
      if (!difference.facts.empty()) add(std::move(difference));
    }
  }

  Diff& diff_;
  const Pairing& pairing_;
  const std::vector<Distance>& distances_;
};

}  // namespace

void add_differences(Diff& diff, const Pairing& pairing, const std::vector<Distance>& distances) {
  Rows(diff, pairing, distances).add_all();
}

}  // namespace weigh
