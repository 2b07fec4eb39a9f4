#include "analysis/tally.h"

#include <algorithm>
#include <array>
#include <tuple>
#include <utility>

#include "model/walk.h"

namespace weigh {
namespace {

// For each module the root of the copied section that it is in, or of moments that stand in the tree; kNone where it
// counts towards the whole.
class CopiedSections {
 public:
  explicit CopiedSections(const Model& model) {
    for (const Section& section : model.sections) {
      if (section.kind == SectionKind::model || section.root == kNone) continue;
      roots_.resize(model.modules.size(), kNone);
      roots_[section.root] = section.root;
    }
    for (std::size_t i = 1; i < roots_.size(); ++i)
      if (roots_[i] == kNone) roots_[i] = roots_[model.modules[i].parent];
  }
  Index operator[](std::size_t module) const { return roots_.empty() ? kNone : roots_[module]; }

 private:
  std::vector<Index> roots_;  // empty in a file without copies
};

// What one tensor amounts to.
struct Amount {
  Amount(const Summary& summary, const Tensor& tensor) : Amount(summary, tensor, summary.numel(tensor)) {}
  Amount(const Summary& summary, const Tensor& tensor, const Count& its_numel)
      : Amount(summary, tensor, its_numel, summary.model->bytes(tensor, its_numel)) {}
  Amount(const Summary& summary, const Tensor& tensor, const Count& its_numel, const Count& its_bytes)
      : numel(its_numel), elements(numel.known()), bytes(its_bytes), evidence(summary.evidence(tensor)) {
    if (summary.quantized.empty() || summary.count) return;  // where one counts for oneself, an element is what it is
    const Index index = summary.model->index_of(tensor);
    part = summary.quantized.parts[index];
    scheme = summary.quantized.schemes[index];
    if (part == Part::unexplained) numel = Count::unknown();
    if (part != Part::packed) return;
    const std::uint64_t logical = summary.quantized.logical[index];
    numel = logical == QuantizedWeights::kUnknown ? numel + Count::unknown() : Count(logical);
  }

  Count numel;             // weights; of a packed tensor at least one in an element, where their width is not told
  std::uint64_t elements;  // that are known, as they are stored
  Count bytes;
  Evidence evidence;
  Part part = Part::plain;
  Scheme scheme = Scheme::none;
};

// What tensors amount to, one after another: those of a large model have a few shapes, whose elements and bytes are
// remembered.
class Amounts {
 public:
  explicit Amounts(const Summary& summary) : summary_(summary) {}

  Amount of(const Tensor& tensor) {
    const bool is_plain = tensor.rank_known() && tensor.layout == Layout::strided && tensor.dtype != DType::unknown;
    if (!is_plain || summary_.count) return {summary_, tensor};
    Shape& shape = recent_[(tensor.first_extent + static_cast<unsigned>(tensor.dtype)) % recent_.size()];
    if (shape.first_extent != tensor.first_extent || shape.rank != tensor.rank || shape.dtype != tensor.dtype) {
      const Count numel = summary_.model->numel(tensor);
      shape = {tensor.first_extent, tensor.rank, tensor.dtype, numel, summary_.model->bytes(tensor, numel)};
    }
    return {summary_, tensor, shape.numel, shape.bytes};
  }

 private:
  struct Shape {
    Index first_extent = kNone;
    std::uint8_t rank = 0;
    DType dtype = DType::unknown;
    Count numel;
    Count bytes;
  };
  const Summary& summary_;
  std::array<Shape, 16> recent_;
};

// Adds it, or takes it away again.
template <class Operation>
void apply(const Tensor& tensor, const Amount& amount, Tally& tally, Operation operation) {
  const bool is_uninitialised = tensor.state == State::uninitialised;
  operation(tally.bytes, amount.bytes);
  if (amount.part == Part::overhead || (amount.part == Part::plain && tensor.role == Role::buffer)) {
    operation(tally.buffers, amount.numel);
    operation(tally.uninitialized_buffers, is_uninitialised);
    return;
  }
  operation(tally.parameters, amount.numel);
  operation(tally.uninitialized_parameters, is_uninitialised);
  if (tensor.requires_grad == RequiresGrad::yes) operation(tally.trainable, amount.numel);
  const bool is_recorded =
      tensor.requires_grad != RequiresGrad::not_recorded || (amount.part == Part::packed && tensor.role_recorded());
  if (!is_recorded) tally.trainable_recorded = false;
}

constexpr auto kAdd = [](auto& sum, const auto& part) { sum += part; };
constexpr auto kSubtract = [](auto& sum, const auto& part) { sum -= part; };

void add(Tally& sum, const Tensor& tensor, const Amount& amount) {
  apply(tensor, amount, sum, kAdd);
  ++sum.tensors;
  sum.evidence = std::max(sum.evidence, amount.evidence);
  amount.scheme == Scheme::none ? sum.dtypes.insert(tensor.dtype) : sum.schemes.insert(amount.scheme);
}

// The place of each module in a walk that enters a module before its children.
std::vector<Index> preorder(const Model& model) {
  std::vector<Index> place(model.modules.size());
  Index next_place = 0;
  walk_modules(model, -1, [&](Index module, std::uint32_t) { place[module] = next_place++; });
  return place;
}

// A tensor that stands in k places below a module was added k times there. In the order of the walk, the places below
// any module follow each other, and exactly k - 1 pairs of neighbours have their common ancestor at or below it. A
// copied section is a whole of its own.
void count_ties_once(const Summary& summary, const CopiedSections& copy, const std::vector<Index>& tied,
                     std::vector<Tally>& tallies) {
  const Model& model = *summary.model;
  if (tied.empty()) return;

  const std::vector<Index> place = preorder(model);
  struct Occurrence {
    Index original, copy, place, module;
  };
  std::vector<Occurrence> occurrences;
  std::vector<bool> original_added(model.tensors.size());
  std::vector<bool> stored_apart(model.tensors.size());  // by original
  for (Index tensor : tied) {
    Index original = model.tensors[tensor].tied_to;
    stored_apart[original] = stored_apart[original] || model.tensors[tensor].stored_apart;
    Index at = model.tensors[tensor].module;
    occurrences.push_back({original, copy[at], place[at], at});
    if (original_added[original]) continue;
    original_added[original] = true;
    at = model.tensors[original].module;
    occurrences.push_back({original, copy[at], place[at], at});
  }
  std::sort(occurrences.begin(), occurrences.end(), [](const Occurrence& a, const Occurrence& b) {
    return std::tuple(a.original, a.copy, a.place) < std::tuple(b.original, b.copy, b.place);
  });
  for (std::size_t i = 1; i < occurrences.size(); ++i) {
    const Occurrence& a = occurrences[i - 1];
    const Occurrence& b = occurrences[i];
    if (a.original != b.original || a.copy != b.copy) continue;
    Index module = common_ancestor(model, a.module, b.module);
    Amount amount(summary, model.tensors[a.original]);
    if (stored_apart[a.original]) amount.bytes = 0;
    for (; module != kNone; module = copy[module] == module ? kNone : model.modules[module].parent)
      apply(model.tensors[a.original], amount, tallies[module], kSubtract);
  }
}

// The share whose `member` is `kind`. A model has few dtypes and schemes.
template <class Share, class Kind>
Share& share_of(std::vector<Share>& shares, Kind Share::*member, Kind kind) {
  const auto found = std::find_if(shares.begin(), shares.end(), [&](const Share& s) { return s.*member == kind; });
  if (found != shares.end()) return *found;
  Share& added = shares.emplace_back();
  added.*member = kind;
  return added;
}

// What elements are stored as, and what the packed ones of them mean.
struct Shares {
  void add(DType dtype, const Amount& amount) {
    DTypeShare& stored = share_of(by_dtype, &DTypeShare::dtype, dtype);
    stored.elements += amount.elements;
    stored.bytes += amount.bytes.known();
    if (amount.scheme == Scheme::none) return;
    stored.packed_elements += amount.elements;
    stored.packed_bytes += amount.bytes.known();
    SchemeShare& packed = share_of(by_scheme, &SchemeShare::scheme, amount.scheme);
    packed.weights += amount.numel;
    packed.bytes += amount.bytes.known();
  }

  std::vector<DTypeShare> by_dtype;
  std::vector<SchemeShare> by_scheme;
};

// Largest first.
void put_in_order(Shares& shares) {
  std::erase_if(shares.by_dtype, [](const DTypeShare& s) { return s.elements == 0; });
  std::sort(shares.by_dtype.begin(), shares.by_dtype.end(), [](const DTypeShare& a, const DTypeShare& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.dtype < b.dtype;
  });
  std::sort(shares.by_scheme.begin(), shares.by_scheme.end(), [](const SchemeShare& a, const SchemeShare& b) {
    return a.bytes != b.bytes ? a.bytes > b.bytes : a.scheme < b.scheme;
  });
}

Totals total(const Summary& summary, const CopiedSections& copy) {
  const Model& model = *summary.model;
  Totals totals;
  static_cast<Tally&>(totals) = summary.tallies[0];
  std::vector<bool> is_root(model.modules.size());
  for (const Section& section : model.sections) {
    if (section.kind == SectionKind::optimizer_state) {
      totals.optimizer_tensors += section.tensors;
      totals.optimizer_bytes += section.bytes;
    } else {
      is_root[section.root] = true;
    }
  }
  for (std::size_t i = 1; i < model.modules.size(); ++i) {
    const Module& module = model.modules[i];
    if (copy[i] != kNone || is_root[i] || module.alias_of != kNone) continue;
    ++totals.modules;
    totals.train_modules += module.mode == Mode::train;
    totals.eval_modules += module.mode == Mode::eval;
    totals.modes_recorded |= module.mode != Mode::not_recorded;
  }
  totals.modes_recorded |= model.modules[0].mode != Mode::not_recorded;
  totals.roles_inferred = std::any_of(model.tensors.begin(), model.tensors.end(),
                                      [](const Tensor& tensor) { return !tensor.role_recorded(); });
  return totals;
}

}  // namespace

double Totals::share(Evidence evidence) const {
  std::uint64_t all = 0;
  for (const std::uint64_t weights : by_evidence) all += weights;
  const auto known = static_cast<double>(by_evidence[static_cast<std::size_t>(evidence)]);
  return all == 0 ? 0 : 100 * known / static_cast<double>(all);
}

void add(Tally& sum, const Tally& part) {
  sum.parameters += part.parameters;
  sum.trainable += part.trainable;
  sum.trainable_recorded &= part.trainable_recorded;
  sum.buffers += part.buffers;
  sum.bytes += part.bytes;
  sum.uninitialized_parameters += part.uninitialized_parameters;
  sum.uninitialized_buffers += part.uninitialized_buffers;
  sum.tensors += part.tensors;
  sum.evidence = std::max(sum.evidence, part.evidence);
  sum.schemes |= part.schemes;
  sum.dtypes |= part.dtypes;
}

// Parents stand before their children, so the one with the larger index can be lifted.
Index common_ancestor(const Model& model, Index a, Index b) {
  while (a != b) (a > b ? a : b) = model.modules[std::max(a, b)].parent;
  return a;
}

void tally(Summary& summary) {
  const Model& model = *summary.model;
  const CopiedSections copy(model);
  std::vector<Tally>& tallies = summary.tallies;
  Shares shares;
  Amounts amounts(summary);
  std::uint64_t overhead_bytes = 0;
  std::array<std::uint64_t, kEvidences> by_evidence = {};
  std::vector<Index> tied;
  tallies.assign(model.modules.size(), {});
  // All that is asked of every tensor at once: a large model's do not stay in the processor's cache.
  for (const Tensor& tensor : model.tensors) {
    const Amount amount = amounts.of(tensor);
    const Index index = model.index_of(tensor);
    if (tensor.state == State::uninitialised) summary.uninitialized.push_back(index);
    if (tensor.tied_to != kNone) tied.push_back(index);
    if (summary.quantized.part(index) == Part::overhead && copy[tensor.module] == kNone)
      overhead_bytes += summary.count ? model.bytes(tensor).known() : amount.bytes.known();
    if (tensor.tied_to == kNone && copy[tensor.module] == kNone)
      by_evidence[static_cast<std::size_t>(amount.evidence)] += amount.numel.known();
    const bool is_to_come = tensor.state == State::uninitialised && tensor.dtype == DType::unknown;
    if (!is_to_come && (tensor.tied_to == kNone || tensor.stored_apart) && copy[tensor.module] == kNone)
      shares.add(tensor.dtype, amount);
    add(tallies[tensor.module], tensor, amount);
  }
  for (std::size_t i = model.modules.size() - 1; i > 0; --i)
    if (copy[i] != i) add(tallies[model.modules[i].parent], tallies[i]);
  count_ties_once(summary, copy, tied, tallies);
  put_in_order(shares);
  summary.totals = total(summary, copy);
  summary.totals.overhead_bytes = overhead_bytes;
  summary.totals.by_evidence = by_evidence;
  summary.totals.by_dtype = std::move(shares.by_dtype);
  summary.totals.by_scheme = std::move(shares.by_scheme);
}

Tally tally_of(const Summary& summary, const Tensor& tensor) {
  Tally tally;
  add(tally, tensor, Amount(summary, tensor));
  return tally;
}

Tally tally_own(const Summary& summary, Index module) {
  const Model& model = *summary.model;
  Tally tally;
  for (Index i = model.modules[module].first_tensor; i != kNone; i = model.tensors[i].next) {
    const Tensor& tensor = model.tensors[i];
    bool counted_before = tensor.tied_to != kNone && model.tensors[tensor.tied_to].module == module;
    if (!counted_before) add(tally, tensor, Amount(summary, tensor));
  }
  return tally;
}

}  // namespace weigh
