#include "weigh/sizes.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "analysis/nearest.h"
#include "bytes/checked.h"
#include "model/size_expression.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostListed = 8;

// Extents of a value, those of its parts included.
template <class Shape, class Visit>
void each_extent(Shape& shape, Visit&& visit) {
  std::vector<Shape*> open = {&shape};
  while (!open.empty()) {
    Shape& one = *open.back();
    open.pop_back();
    for (auto& extent : one.extents) visit(extent);
    for (auto& item : one.items) open.push_back(&item);
  }
}

// By SymbolId: whether a shape or a count holds it.
std::vector<bool> occurring(const Model& model) {
  std::vector<bool> found(model.symbols.size());
  if (found.empty()) return found;
  const auto see = [&](Extent extent) {
    if (!extent.is_known() && extent.symbol() != kNameless) found[extent.symbol()] = true;
  };
  for (const Extent extent : model.extents) see(extent);
  for (const Run& run : model.runs) {
    each_extent(run.in, see);
    each_extent(run.out, see);
    for (const Count* count : {&run.flops, &run.backward_flops, &run.activation_bytes})
      for (const Count::Term& term : count->terms())
        for (const SymbolId symbol : term.factors) see(Extent::unknown(symbol));
  }
  return found;
}

// "floor(n/2)" of "(floor(n/2))".
std::string_view without_parentheses(std::string_view name) {
  return name.starts_with('(') && name.ends_with(')') ? name.substr(1, name.size() - 2) : name;
}

// Of names that a symbol's own is made of, the size of each; the name itself where it is no expression.
template <class SizeOf>
std::optional<SizeExpression> size_of_name(std::string_view name, SizeOf&& size_of) {
  std::optional<SizeExpression> size = evaluate(name, size_of);
  if (size) return size;
  const std::optional<std::int64_t> whole = size_of(without_parentheses(name));
  return SizeExpression{std::string(name), whole};
}

std::string full_name(const Model& model, const Symbol& symbol, std::string_view name) {
  return model.path_of(symbol.layer, name);
}

// "in = 16, batch = 1"
std::string text_of(const std::vector<GivenSize>& sizes) {
  std::string text;
  for (const GivenSize& one : sizes) text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", one.name, one.size);
  return text;
}

void check(const std::vector<GivenSize>& sizes) {
  for (const GivenSize& one : sizes) {
    if (one.size > Extent::kMax) {
      throw Error(ErrorKind::usage, "",
                  fmt::format("'{}' cannot be {}: the largest size is {}", one.name, one.size, Extent::kMax));
    }
    const auto other =
        std::find_if(sizes.begin(), sizes.end(), [&](const GivenSize& size) { return size.name == one.name; });
    if (other->size != one.size) {
      throw Error(ErrorKind::usage, "", fmt::format("'{}' is given twice: {} and {}", one.name, other->size, one.size));
    }
  }
}

// What a model becomes with these sizes, made beside it: whatever is wrong with them, it stays as it is.
class Binder {
 public:
  Binder(Model& model, const std::vector<GivenSize>& given)
      : model_(model), given_(given), is_used_(given.size()), sizes_(model.symbols.size()) {}

  void run() {
    find_sizes();
    refuse_what_does_not_occur();
    extents_ = model_.extents;
    for (Extent& extent : extents_) extent = bound(extent);
    check_tensors();
    runs_ = model_.runs;
    for (std::size_t i = 0; i < runs_.size(); ++i) bind_run(static_cast<Index>(i));
    commit();
  }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw Error(ErrorKind::usage, model_.source, std::move(message));
  }

  // The longest of the names given that fits.
  std::optional<std::int64_t> given_size(std::string_view full_name) {
    const GivenSize* best = nullptr;
    for (std::size_t i = 0; i < given_.size(); ++i) {
      const std::string_view name = given_[i].name;
      const bool is_end = full_name.ends_with(name) &&
                          (full_name.size() == name.size() || full_name[full_name.size() - name.size() - 1] == '.');
      if (!is_end) continue;
      is_used_[i] = true;
      if (best == nullptr || name.size() > best->name.size()) best = &given_[i];
    }
    return best == nullptr ? std::nullopt : std::optional(static_cast<std::int64_t>(best->size));
  }

  void find_sizes() {
    const std::vector<bool> occurs = occurring(model_);
    for (SymbolId id = 0; id < occurs.size(); ++id)
      if (occurs[id]) find_size(id);
  }

  void find_size(SymbolId id) {
    const Symbol& symbol = model_.symbols[id];
    bool is_given = false;
    const auto size = size_of_name(symbol.name, [&](std::string_view name) {
      const std::optional<std::int64_t> size = given_size(full_name(model_, symbol, name));
      is_given |= size.has_value();
      return size;
    });
    if (!is_given) return;
    if (!size->wrong.empty())
      fail(fmt::format("the size '{}' becomes {} with {}", symbol.name, size->wrong, text_of(given_)));
    if (size->value) {
      sizes_[id] = static_cast<std::uint64_t>(*size->value);
    } else {
      renamed_.emplace_back(id, size->text);
    }
  }

  void refuse_what_does_not_occur() const {
    const auto unused = std::find(is_used_.begin(), is_used_.end(), false);
    if (unused == is_used_.end()) return;
    const std::string& name = given_[static_cast<std::size_t>(unused - is_used_.begin())].name;
    std::vector<std::string> names = unknown_sizes(model_);
    if (names.empty()) fail(fmt::format("no unknown size is called '{}': none that is unknown has a name", name));
    nearest_first(names, name);
    const std::size_t listed = std::min(names.size(), kMostListed);
    const std::string more = names.size() > listed ? fmt::format(" and {} more", names.size() - listed) : "";
    names.resize(listed);
    fail(fmt::format("no unknown size is called '{}'; there {} {}{}", name, listed == 1 ? "is" : "are",
                     fmt::join(names, ", "), more));
  }

  Extent bound(Extent extent) const {
    if (extent.is_known() || extent.symbol() == kNameless || !sizes_[extent.symbol()]) return extent;
    return Extent(*sizes_[extent.symbol()]);
  }

  void check_tensors() const {
    std::uint64_t sum = 0;
    for (const Tensor& tensor : model_.tensors) {
      const Extent* old = model_.shape_begin(tensor);
      const Extent* shape = extents_.data() + tensor.first_extent;
      const bool is_bound = tensor.rank_known() && !std::equal(shape, shape + tensor.rank, old);
      if (!is_bound || tensor.tied_to != kNone) continue;
      const std::optional<std::uint64_t> bytes = bytes_of(tensor);
      const std::optional<std::uint64_t> all = bytes ? checked_add(sum, *bytes) : std::nullopt;
      if (!all) {
        fail(fmt::format("'{}' [{}]{} has more than {} bytes with {}", model_.path_of(tensor), shape_text(tensor),
                         bytes ? ", with the tensors before it," : "", UINT64_MAX, text_of(given_)));
      }
      sum = *all;
    }
  }

  // As far as its extents are known.
  std::optional<std::uint64_t> bytes_of(const Tensor& tensor) const {
    std::optional<std::uint64_t> bytes = tensor.dtype == DType::unknown ? 1 : std::max(bits(tensor.dtype) / 8, 1U);
    for (std::size_t i = 0; bytes && i < tensor.rank; ++i) {
      const Extent extent = extents_[tensor.first_extent + i];
      if (extent.is_known()) bytes = checked_mul(*bytes, extent.size());
    }
    return bytes;
  }

  std::string shape_text(const Tensor& tensor) const {
    std::vector<std::string> sizes;
    for (std::size_t i = 0; i < tensor.rank; ++i) {
      const Extent extent = extents_[tensor.first_extent + i];
      const bool is_nameless = !extent.is_known() && extent.symbol() == kNameless;
      sizes.push_back(extent.is_known() ? std::to_string(extent.size())
                      : is_nameless     ? "?"
                                        : std::string(model_.symbols[extent.symbol()].name));
    }
    return fmt::format("{}", fmt::join(sizes, ", "));
  }

  void bind_run(Index module) {
    Run& run = runs_[module];
    for (IOShape* shape : {&run.in, &run.out}) each_extent(*shape, [this](Extent& extent) { extent = bound(extent); });
    const std::pair<Count*, const char*> counts[] = {{&run.flops, "FLOPs"},
                                                     {&run.backward_flops, "FLOPs backward"},
                                                     {&run.activation_bytes, "bytes of activations"}};
    for (const auto& [count, what] : counts) {
      try {
        *count = count->with(sizes_);
      } catch (const Error&) {
        const std::string path = model_.path_of(module);
        fail(fmt::format("{} takes more than {} {} with {}", path.empty() ? "the model" : "'" + path + "'", UINT64_MAX,
                         what, text_of(given_)));
      }
    }
  }

  void commit() {
    for (const auto& [id, text] : renamed_) model_.symbols[id].name = model_.keep(text);
    model_.extents = std::move(extents_);
    model_.runs = std::move(runs_);
    for (const GivenSize& one : given_) {
      const bool is_new = std::none_of(model_.given.begin(), model_.given.end(),
                                       [&](const GivenSize& known) { return known.name == one.name; });
      if (is_new) model_.given.push_back(one);
    }
  }

  Model& model_;
  const std::vector<GivenSize>& given_;
  std::vector<bool> is_used_;                              // by place in given_
  std::vector<std::optional<std::uint64_t>> sizes_;        // by SymbolId
  std::vector<std::pair<SymbolId, std::string>> renamed_;  // expressions of which a part is given
  std::vector<Extent> extents_;
  std::vector<Run> runs_;
};

}  // namespace

void set_sizes(Model& model, const std::vector<GivenSize>& sizes) {
  if (sizes.empty()) return;
  check(sizes);
  Binder(model, sizes).run();
}

std::vector<std::string> unknown_sizes(const Model& model) {
  std::vector<std::string> names;
  std::set<std::string> seen;
  const std::vector<bool> occurs = occurring(model);
  for (SymbolId id = 0; id < occurs.size(); ++id) {
    if (!occurs[id]) continue;
    const Symbol& symbol = model.symbols[id];
    size_of_name(symbol.name, [&](std::string_view name) {
      std::string full = full_name(model, symbol, name);
      if (seen.insert(full).second) names.push_back(std::move(full));
      return std::optional<std::int64_t>();
    });
  }
  return names;
}

}  // namespace weigh
