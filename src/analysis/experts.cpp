#include "analysis/experts.h"

#include <algorithm>
#include <string_view>

#include "conventions/embeddings.h"
#include "conventions/experts.h"

namespace weigh {
namespace {

class ActiveFinder {
 public:
  explicit ActiveFinder(const Summary& summary)
      : summary_(summary), model_(*summary.model), config_(model_.config.experts) {
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
    return has_experts_ && !is_contradicted_ ? std::move(active_) : std::vector<std::uint64_t>();
  }

  // Of the embedding of the language model, which is the largest of that name.
  std::uint64_t embedding() const {
    std::uint64_t largest = 0;
    for (std::size_t i = 1; i < model_.modules.size(); ++i)
      if (conventions::is_text_embedding(model_.modules[i].name))
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
    return module != 0 && conventions::is_list_of_experts(model_.modules[module].name) && first != kNone &&
           model_.modules[first].name.find_first_not_of("0123456789") == std::string_view::npos;
  }

  // k of E experts of the first pool. Experts of one pool are alike, or there is no one number.
  std::uint64_t of_pool(Index pool) {
    std::uint64_t count = 0;
    std::uint64_t one = 0;
    for (Index child = model_.modules[pool].first_child; child != kNone; child = model_.modules[child].next, ++count) {
      const std::uint64_t parameters = summary_.tallies[child].parameters.known();
      if (count == 0) one = parameters;
      if (count < config_.pools[0] && parameters != one) is_contradicted_ = true;
    }
    if (count != all_) is_contradicted_ = true;
    has_experts_ = true;
    return one * config_.per_token + of_own_tensors(pool);
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
      if (holds_experts(i)) {
        has_experts_ = true;
        sum += all / config_.pools[0] * config_.per_token;
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

  // One tensor for all experts of a layer: "experts.gate_up_proj" [E, …], "blk.3.ffn_up_exps.weight" [E, …],
  // "block_sparse_moe.input_linear.weight" [E, …, …], or with the experts' rows behind each other,
  // "experts.mlp.w1" [E·…, …].
  bool holds_experts(Index index) const {
    const Tensor& tensor = model_.tensors[index];
    if (!tensor.rank_known() || tensor.rank < 2) return false;
    const Extent first = *model_.shape_begin(tensor);
    const Module& owner = model_.modules[tensor.module];
    const std::string_view parent = owner.parent == kNone ? "" : model_.modules[owner.parent].name;
    if (first == Extent(config_.pools[0])) {
      const bool is_in_a_mixture = conventions::is_mixture(owner.name) || conventions::is_mixture(parent);
      return conventions::is_list_of_experts(owner.name) || conventions::holds_packed_experts(owner.name) ||
             (tensor.rank == 3 && is_in_a_mixture);
    }
    return conventions::is_list_of_experts(parent) && first.is_known() && first.size() % config_.pools[0] == 0;
  }

  bool is_router_of_another_pool(Index index) const {
    return config_.pools.size() > 1 && conventions::is_router_of_another_pool(model_.tensors[index].name);
  }

  const Summary& summary_;
  const Model& model_;
  const ExpertsConfig& config_;
  std::uint64_t all_ = 0;  // experts of all pools
  bool has_experts_ = false;
  bool is_contradicted_ = false;
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
