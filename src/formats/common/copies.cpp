#include "formats/common/copies.h"

#include <algorithm>
#include <optional>
#include <utility>
#include <vector>

#include "bytes/flat_index.h"
#include "bytes/hash.h"
#include "conventions/checkpoint_keys.h"

namespace weigh {
namespace {

constexpr std::uint32_t kDeepest = 3;  // below the root: deeper ones are parts of layers
constexpr std::size_t kMost = 64;      // parts of one module that are compared with each other
constexpr std::size_t kLongestPrefix = 4;

// The parameters below a module, each a hash of its name and shape.
struct Names {
  std::vector<std::uint64_t> all;
  std::uint64_t sum = 0;  // whichever the order

  void add(std::uint64_t hash) {
    all.push_back(hash);
    sum += fold(hash, hash | 1);
  }
};

class Search {
 public:
  explicit Search(Model& model) : model_(model), budget_(8 * model.tensors.size() + 64) {}

  void run() {
    std::vector<std::pair<Index, std::uint32_t>> open = {{0, 0}};
    while (!open.empty()) {
      const auto [module, depth] = open.back();
      open.pop_back();
      const std::vector<Index> copies = copies_in(module);
      if (!copies.empty()) look_at(module, copies);
      if (depth + 1 >= kDeepest) continue;
      for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
        if (!std::binary_search(copies.begin(), copies.end(), child)) open.emplace_back(child, depth + 1);
    }
  }

 private:
  bool is_named_like_a_copy(Index module) const {
    const std::string_view name = model_.modules[module].name;
    return conventions::is_named_like_an_average(name) || conventions::is_named_like_a_moment(name);
  }

  // Children, as their numbers ascend.
  std::vector<Index> copies_in(Index parent) const {
    std::vector<Index> copies;
    for (Index child = model_.modules[parent].first_child; child != kNone; child = model_.modules[child].next)
      if (is_named_like_a_copy(child)) copies.push_back(child);
    std::sort(copies.begin(), copies.end());
    return copies;
  }

  void look_at(Index parent, const std::vector<Index>& copies) {
    if (copies.size() > kMost) return;
    std::vector<Names> originals = {names_below(parent, copies)};
    std::size_t siblings = 0;
    for (Index child = model_.modules[parent].first_child; child != kNone; child = model_.modules[child].next) {
      if (std::binary_search(copies.begin(), copies.end(), child)) continue;
      if (++siblings > kMost) break;
      for (Index root = child; root != kNone && originals.size() < kMost * kLongestPrefix; root = only_child(root))
        originals.push_back(names_below(root, {}));
    }
    for (const Index copy : copies) {
      Index root = copy;
      for (std::size_t i = 0; i < kLongestPrefix && root != kNone; ++i, root = only_child(root)) {
        if (!is_among(names_below(root, {}), originals)) continue;
        mark(copy);
        break;
      }
    }
  }

  // Of a module that has nothing else: what all names below it begin with.
  Index only_child(Index module) const {
    const Module& above = model_.modules[module];
    for (Index i = above.first_tensor; i != kNone; i = model_.tensors[i].next)
      if (is_counted(model_.tensors[i])) return kNone;
    return above.first_child == above.last_child ? above.first_child : kNone;
  }

  static bool is_counted(const Tensor& tensor) {
    return tensor.role == Role::parameter && tensor.rank_known() && tensor.rank > 0;
  }

  Names names_below(Index root, const std::vector<Index>& without) const {
    Names names;
    std::vector<std::pair<Index, std::uint64_t>> open = {{root, hash_seed()}};
    while (!open.empty()) {
      const auto [module, begin] = open.back();
      open.pop_back();
      for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
        if (is_counted(model_.tensors[i])) names.add(hash_of_tensor(begin, model_.tensors[i]));
      for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
        if (!std::binary_search(without.begin(), without.end(), child))
          open.emplace_back(child, with_text(begin, model_.modules[child].name));
    }
    return names;
  }

  // As one goes on writing: dots are left out, so that nothing tells where a module's name ends.
  static std::uint64_t with_text(std::uint64_t hash, std::string_view text) {
    for (const char c : text)
      if (c != '.') hash = (hash ^ static_cast<unsigned char>(c)) * 0x0000'0100'0000'01B3;
    return hash;
  }

  std::uint64_t hash_of_tensor(std::uint64_t begin, const Tensor& tensor) const {
    std::uint64_t hash = mix(with_text(begin, tensor.name), tensor.rank);
    for (const Extent* extent = model_.shape_begin(tensor); extent != model_.shape_end(tensor); ++extent)
      hash = mix(hash, extent->is_known() ? extent->size() : 0);
    return hash;
  }

  bool is_among(const Names& copy, const std::vector<Names>& originals) {
    if (copy.all.empty()) return false;
    const auto is_same = [&](const Names& o) { return o.sum == copy.sum && o.all.size() == copy.all.size(); };
    if (std::any_of(originals.begin(), originals.end(), is_same)) return true;
    return std::any_of(originals.begin(), originals.end(), [&](const Names& o) { return holds(o, copy); });
  }

  bool holds(const Names& original, const Names& copy) {
    const std::size_t cost = original.all.size() + copy.all.size();
    if (copy.all.size() > original.all.size() || cost > budget_) return false;
    budget_ -= cost;
    FlatIndex index;
    index.reserve(original.all.size());
    for (std::uint32_t i = 0; i < original.all.size(); ++i) index.insert(i, original.all[i]);
    return std::all_of(copy.all.begin(), copy.all.end(), [&](std::uint64_t hash) {
      return index.find(hash, [&](std::uint32_t i) { return original.all[i] == hash; }) != FlatIndex::kNone;
    });
  }

  void mark(Index module) {
    Section section;
    section.name = model_.modules[module].name;
    section.kind = SectionKind::copy;
    section.root = module;
    if (conventions::is_named_like_a_moment(section.name)) {
      section.kind = SectionKind::optimizer_state;
      weigh(section);
    }
    const auto known = std::find_if(model_.sections.begin(), model_.sections.end(),
                                    [&](const Section& s) { return module != 0 && s.root == module; });
    if (known == model_.sections.end()) {
      model_.sections.push_back(section);
    } else {
      known->kind = section.kind;
      known->tensors = section.tensors;
      known->bytes = section.bytes;
    }
  }

  void weigh(Section& section) const {
    std::vector<Index> open = {section.root};
    while (!open.empty()) {
      const Module& module = model_.modules[open.back()];
      open.pop_back();
      for (Index i = module.first_tensor; i != kNone; i = model_.tensors[i].next) {
        ++section.tensors;
        section.bytes += model_.tensors[i].stored_bytes;
      }
      for (Index child = module.first_child; child != kNone; child = model_.modules[child].next) open.push_back(child);
    }
  }

  Model& model_;
  std::size_t budget_;  // names that may still be compared one by one
};

}  // namespace

void mark_copies(Model& model) { Search(model).run(); }

}  // namespace weigh
