#include "dry_run/outcome.h"

#include <utility>

namespace weigh::dry_run {
namespace {

// By module: whether it or one below has tensors, and whether a call of it or of one below is known.
struct Marks {
  std::vector<bool> has_tensors;
  std::vector<bool> was_reached;

  Marks(const Model& model, const std::vector<Run>& runs) : has_tensors(runs.size()), was_reached(runs.size()) {
    for (auto i = static_cast<Index>(runs.size()); i-- > 0;) {
      const Module& module = model.modules[i];
      if (module.first_tensor != kNone) has_tensors[i] = true;
      if (runs[i].calls > 0) was_reached[i] = true;
      if (module.parent == kNone) continue;
      if (has_tensors[i]) has_tensors[module.parent] = true;
      if (was_reached[i]) was_reached[module.parent] = true;
    }
  }
};

// Whether all of its calls up to where the forward stopped came to their ends.
bool has_ended(Index module, const Run& run, LayerKind kind, const Stop& stop) {
  if (run.calls == 0 || stop.is_cut(module)) return false;
  if (kind == LayerKind::attention && run.out.kind == IOShape::Kind::unknown) return false;
  return run.witness >= Witness::operators;
}

// It may do more than what is known of it.
void make_bound(Run& run, bool with_backward) {
  run.flops += Count::unknown();
  if (with_backward) run.backward_flops += Count::unknown();
  run.activation_bytes += Count::unknown();
  if (run.calls == 0) run.witness = Witness::none;
}

Count sum(std::uint64_t known, bool is_doubtful) {
  return is_doubtful ? Count(known) + Count::unknown() : Count(known);
}

}  // namespace

std::vector<Run> outcome(const Model& model, Calls& calls, const Charges& charges, const Charges::Doubt& elsewhere,
                         const Stop& stop, bool with_backward) {
  std::vector<Run> runs = std::move(calls.runs());
  std::vector<bool> is_seen;
  for (const Run& run : runs) is_seen.push_back(run.witness == Witness::layer);
  const Marks marks(model, runs);
  for (Index i = 0; i < runs.size(); ++i) {
    Charges::Doubt doubt;
    if (!is_seen[i] && marks.was_reached[i]) doubt = charges.doubt_beside(i);
    if (!is_seen[i] && !marks.has_tensors[i]) doubt = charges.doubt_within(i, is_seen);
    if (i != 0) {
      doubt.flops |= elsewhere.flops;
      doubt.activations |= elsewhere.activations;
    }
    // No parameterless layer of libtorch has any, and attention none but between its products.
    if (calls.is_whole(i) || calls.kind(i) == LayerKind::attention) doubt.flops = false;
    runs[i].flops = sum(charges.total(i).flops, doubt.flops);
    runs[i].backward_flops = sum(charges.total(i).backward_flops, doubt.flops && with_backward);
    runs[i].activation_bytes = sum(charges.total(i).activation_bytes, doubt.activations);
    if (stop.note() && !has_ended(i, runs[i], calls.kind(i), stop)) make_bound(runs[i], with_backward);
  }
  return runs;
}

}  // namespace weigh::dry_run
