#include "analysis/experts.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "analysis/parts.h"
#include "bytes/digits.h"
#include "conventions/experts.h"

namespace weigh {
namespace {

class ActiveFinder {
 public:
  explicit ActiveFinder(Summary& summary) : summary_(summary), model_(*summary.model), config_(model_.config.experts) {
    for (std::uint64_t pool : config_.pools) all_ = pool > UINT32_MAX ? 0 : all_ + pool;
  }

  // By module; empty where it cannot be told.
  std::vector<std::uint64_t> find() {
    const std::uint64_t chosen = config_.per_token;
    if (config_.pools.empty() || chosen == 0 || chosen > config_.pools[0] || !summary_.totals.is_exact()) return {};
    active_.resize(model_.modules.size());
    const std::vector<bool> is_left_out = left_out();
    for (std::size_t i = model_.modules.size(); i-- > 0;) {
      const auto module = static_cast<Index>(i);
      if (is_left_out[i]) {
        active_[i] = 0;
      } else if (is_pool(module)) {
        active_[i] = of_pool(module);
      } else {
        active_[i] += of_own_tensors(module);
      }
      if (i > 0) active_[model_.modules[i].parent] += active_[i];
    }
    if (!has_experts_ || is_contradicted_ || (has_fewer_ && !has_all_)) return {};
    note_empty();
    return std::move(active_);
  }

  // Of the embedding of the language model, which is the largest of that name.
  std::uint64_t embedding() const {
    std::uint64_t largest = 0;
    for (std::size_t i = 1; i < model_.modules.size(); ++i)
      if (is_text_embedding(model_, static_cast<Index>(i)))
        largest = std::max(largest, summary_.tallies[i].parameters.known());
    return largest;
  }

 private:
  // With all that is below them.
  std::vector<bool> left_out() const {
    std::vector<bool> is_left_out(model_.modules.size());
    for (const Index tower : summary_.towers) is_left_out[tower] = true;
    for (const Index layer : summary_.predicting_layers) is_left_out[layer] = true;
    for (std::size_t i = 1; i < is_left_out.size(); ++i)
      if (is_left_out[model_.modules[i].parent]) is_left_out[i] = true;
    return is_left_out;
  }

  bool is_pool(Index module) const {
    const Index first = model_.modules[module].first_child;
    const std::string_view name = model_.modules[module].name;
    return module != 0 && (conventions::is_list_of_experts(name) || conventions::may_be_numbered_experts(name)) &&
           first != kNone && is_number(model_.modules[first].name);
  }

  // k of E experts of the first pool. Experts of one pool are alike, or there is no one number.
  std::uint64_t of_pool(Index pool) {
    const std::uint64_t experts = count_children(pool);
    const std::uint64_t of_first = first_pool(pool, experts);
    std::uint64_t one = 0;
    std::uint64_t count = 0;
    for (Index child = model_.modules[pool].first_child; child != kNone; child = model_.modules[child].next, ++count) {
      const std::uint64_t parameters = summary_.tallies[child].parameters.known();
      if (count == 0) one = parameters;
      if (count < of_first && parameters != one) is_contradicted_ = true;
    }
    look_for_empty(pool, experts);
    has_experts_ = true;
    return one * config_.per_token + of_own_tensors(pool);
  }

  std::uint64_t count_children(Index module) const {
    std::uint64_t count = 0;
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next) ++count;
    return count;
  }

  // How many experts of the module are of the first pool. Where some were cut away, a layer has fewer than the
  // configuration says, or than another; several numbers are those of pools, or of layers.
  std::uint64_t first_pool(Index pool, std::uint64_t experts) {
    const bool is_of_layer = config_.pools.size() > 1 && experts == of_layer(pool);
    if (experts == all_ || is_of_layer) {
      has_all_ = true;
      return is_of_layer ? experts : config_.pools[0];
    }
    if (config_.pools.size() > 1 || experts < config_.per_token || experts > all_) is_contradicted_ = true;
    has_fewer_ = true;
    return experts;
  }

  // What the configuration says of the layer that the module is in.
  std::uint64_t of_layer(Index module) const {
    for (Index above = model_.modules[module].parent; above != kNone; above = model_.modules[above].parent)
      if (const auto number = number_of(model_.modules[above].name))
        return *number < config_.pools.size() ? config_.pools[*number] : 0;
    return 0;
  }

  // A router with more rows than there are experts: the others compute nothing.
  void look_for_empty(Index pool, std::uint64_t experts) {
    if (empty_ != 0 || model_.modules[pool].parent == kNone) return;
    std::size_t looked_at = 0;
    for (Index beside = model_.modules[model_.modules[pool].parent].first_child; beside != kNone && ++looked_at < 32;
         beside = model_.modules[beside].next) {
      if (!conventions::is_router(model_.modules[beside].name)) continue;
      const std::uint64_t rows = std::max(rows_in(beside), rows_in(model_.modules[beside].first_child));
      if (rows > experts && config_.pools.size() == 1) empty_ = rows - experts;
      if (empty_ != 0) empty_beside_ = beside;
    }
  }

  std::uint64_t rows_in(Index module) const {
    for (Index i = module == kNone ? kNone : model_.modules[module].first_tensor; i != kNone;
         i = model_.tensors[i].next)
      if (model_.tensors[i].rank == 2 && model_.shape_begin(model_.tensors[i])->is_known())
        return model_.shape_begin(model_.tensors[i])->size();
    return 0;
  }

  void note_empty() {
    if (config_.empty != 0) empty_ = config_.empty;
    if (empty_ == 0) return;
    summary_.notes.push_back({"active-at-most", model_.path_of(empty_beside_),
                              fmt::format("{} of the experts to choose among compute nothing, so a token uses fewer of "
                                          "the others at times: the active parameters are at most so many",
                                          empty_)});
  }

  std::uint64_t parameters(Index index) const {
    const Tensor& tensor = model_.tensors[index];
    if (tensor.tied_to != kNone) return 0;
    const Part part = summary_.quantized.part(index);
    if (part == Part::packed) return summary_.quantized.logical[index];
    if (part == Part::overhead || part == Part::unexplained || tensor.role == Role::buffer) return 0;
    return model_.numel(tensor).known();
  }

  std::uint64_t of_own_tensors(Index module) {
    std::uint64_t sum = 0;
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const std::uint64_t all = parameters(i);
      if (all == 0 || is_router_of_another_pool(i)) continue;
      if (const std::uint64_t experts = experts_in(i); experts != 0) {
        has_experts_ = true;
        sum += all / experts * config_.per_token;
      } else if (config_.pools.size() > 1 && has_extents(i, config_.pools.size(), config_.pools[0])) {
        sum += all / config_.pools.size();  // a row for each pool
      } else {
        sum += all;
      }
    }
    return sum;
  }

  bool has_extents(Index index, std::uint64_t first, std::uint64_t second) const {
    const Tensor& tensor = model_.tensors[index];
    const Extent* shape = model_.shape_begin(tensor);
    return tensor.rank_known() && tensor.rank == 2 && shape[0] == Extent(first) && shape[1] == Extent(second);
  }

  // How many experts the tensor holds, 0 for none. One tensor for all experts of a layer: "experts.gate_up_proj" [E,
  // …], "switch_mlp.up_proj.weight" [E, …], "blk.3.ffn_up_exps.weight" [E, …], "block_sparse_moe.input_linear.weight"
  // [E, …, …], or with the experts' rows behind each other, "experts.mlp.w1" [E·…, …], or packed without a shape, [n,
  // 1].
  std::uint64_t experts_in(Index index) {
    const Tensor& tensor = model_.tensors[index];
    if (!tensor.rank_known() || tensor.rank < 2) return 0;
    const Extent* shape = model_.shape_begin(tensor);
    const Extent first = shape[0];
    const Module& owner = model_.modules[tensor.module];
    const std::string_view parent = owner.parent == kNone ? "" : model_.modules[owner.parent].name;
    const bool is_below = conventions::is_list_of_experts(parent);
    const bool is_of_experts = tensor.of_experts || conventions::is_list_of_experts(owner.name) ||
                               conventions::holds_packed_experts(owner.name) || (is_below && !is_number(owner.name));
    const bool is_in_a_mixture = conventions::is_mixture(owner.name) || conventions::is_mixture(parent);
    const std::uint64_t all = config_.pools[0];
    if (first == Extent(all) && (is_of_experts || (tensor.rank == 3 && is_in_a_mixture))) {
      has_all_ = true;
      return all;
    }
    if (is_of_experts && tensor.rank > 2 && first.is_known() && first.size() >= config_.per_token &&
        first.size() < all) {
      has_fewer_ = true;
      return first.size();
    }
    const bool is_flat = is_of_experts && tensor.rank == 2 && shape[1] == Extent(1) &&
                         summary_.quantized.part(index) == Part::packed && parameters(index) % all == 0;
    const bool is_row_by_row = is_below && first.is_known() && first.size() % all == 0;
    if (is_flat || is_row_by_row) has_all_ = true;
    return is_flat || is_row_by_row ? all : 0;
  }

  bool is_router_of_another_pool(Index index) const {
    return config_.pools.size() > 1 && conventions::is_router_of_another_pool(model_.tensors[index].name);
  }

  Summary& summary_;
  const Model& model_;
  const ExpertsConfig& config_;
  std::uint64_t all_ = 0;  // experts of all pools
  bool has_experts_ = false;
  bool has_all_ = false;    // a layer has all of them
  bool has_fewer_ = false;  // one has fewer
  bool is_contradicted_ = false;
  std::uint64_t empty_ = 0;  // experts that a router may choose, though they compute nothing
  Index empty_beside_ = 0;   // that router
  std::vector<std::uint64_t> active_;
};

}  // namespace

void find_active(Summary& summary) {
  ActiveFinder finder(summary);
  summary.active = finder.find();
  if (summary.active.empty()) return;
  summary.totals.active_parameters = summary.active[0];
  summary.totals.active_without_embedding = summary.active[0] - std::min(summary.active[0], finder.embedding());
}

}  // namespace weigh
