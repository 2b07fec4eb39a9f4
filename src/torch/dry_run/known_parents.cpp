#include "dry_run/known_parents.h"

namespace weigh::dry_run {
namespace {

class Parents {
 public:
  Parents(const LiveModel& live, std::vector<Run>& runs) : live_(live), runs_(runs) {}

  void complete(Index module) {
    Run& run = runs_[module];
    const torch::nn::Module& live = *live_.modules[module];
    if (dynamic_cast<const torch::nn::TransformerEncoderLayerImpl*>(&live) != nullptr) {
      const Run* attention = child(module, "self_attn");
      if (attention != nullptr) tell(run, item(attention->in, 0), child(module, "norm2"));
    } else if (dynamic_cast<const torch::nn::TransformerDecoderLayerImpl*>(&live) != nullptr) {
      const Run* self = child(module, "self_attn");
      const Run* cross = child(module, "multihead_attn");
      if (self != nullptr && cross != nullptr)
        tell(run, IOShape::list({item(self->in, 0), item(cross->in, 1)}), child(module, "norm3"));
    } else if (dynamic_cast<const torch::nn::TransformerEncoderImpl*>(&live) != nullptr ||
               dynamic_cast<const torch::nn::TransformerDecoderImpl*>(&live) != nullptr) {
      complete_stack(module, run);
    } else if (dynamic_cast<const torch::nn::MultiheadAttentionImpl*>(&live) != nullptr) {
      // It takes the weights of its child without calling it: PyTorch's hooks do not see that either.
      runs_[find_child(module, "out_proj")].calls = run.calls;
    }
  }

 private:
  void complete_stack(Index module, Run& run) {
    const Index layers = find_child(module, "layers");
    if (layers == kNone || live_.model.modules[layers].first_child == kNone) return;
    const Run* norm = child(module, "norm");
    tell(run, runs_[live_.model.modules[layers].first_child].in,
         norm != nullptr ? norm : &runs_[live_.model.modules[layers].last_child]);
  }

  static void tell(Run& run, IOShape in, const Run* last) {
    if (run.witness == Witness::layer || last == nullptr || last->calls == 0) return;
    run.in = std::move(in);
    run.out = last->out;
    run.calls = last->calls;
    run.witness = Witness::operators;
  }

  static IOShape item(const IOShape& list, std::size_t i) { return i < list.items.size() ? list.items[i] : IOShape(); }

  Index find_child(Index parent, std::string_view name) const {
    for (Index i = live_.model.modules[parent].first_child; i != kNone; i = live_.model.modules[i].next)
      if (live_.model.modules[i].name == name) return i;
    return kNone;
  }
  const Run* child(Index parent, std::string_view name) const {
    const Index index = find_child(parent, name);
    return index == kNone ? nullptr : &runs_[index];
  }

  const LiveModel& live_;
  std::vector<Run>& runs_;
};

// Of what was not reached: whether that is known.
void witness(const LiveModel& live, std::vector<Run>& runs) {
  for (auto i = static_cast<Index>(runs.size()); i-- > 0;) {
    const Module& module = live.model.modules[i];
    if (runs[i].witness == Witness::none && module.first_tensor != kNone) runs[i].witness = Witness::parts;
    if (module.parent == kNone) continue;
    const torch::nn::Module* parent = live.modules[module.parent];
    if (runs[i].witness == Witness::none && dynamic_cast<const torch::nn::SequentialImpl*>(parent) != nullptr)
      runs[i].witness = Witness::layer;
    if (runs[i].witness != Witness::none && runs[module.parent].witness == Witness::none)
      runs[module.parent].witness = Witness::parts;
  }
}

}  // namespace

void complete_parents(const LiveModel& live, std::vector<Run>& runs, bool is_complete) {
  Parents parents(live, runs);
  for (auto i = static_cast<Index>(runs.size()); i-- > 0;) {
    const Module& module = live.model.modules[i];
    parents.complete(i);
    if (module.parent == kNone || runs[i].calls == 0) continue;
    Run& parent = runs[module.parent];
    if (parent.calls > 0) continue;
    parent.calls = 1;
    parent.witness = Witness::parts;
  }
  if (is_complete) witness(live, runs);
  for (Index i = 0; i < runs.size(); ++i)
    if (live.model.modules[i].alias_of != kNone) runs[i] = runs[live.model.modules[i].alias_of];
}

}  // namespace weigh::dry_run
