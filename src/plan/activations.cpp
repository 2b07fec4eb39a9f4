#include "plan/activations.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "plan/bounded.h"

#include "weigh/error.h"

namespace weigh {
namespace {

// Of a shape that was seen; floats have at most 32 bits.
Count bytes_of(const IOShape& shape) {
  if (shape.kind == IOShape::Kind::unknown) return Count::unknown();
  Count sum;
  for (const IOShape& item : shape.items) sum += bytes_of(item);
  if (shape.kind == IOShape::Kind::list) return sum;
  std::uint64_t elements = 1;
  for (const Extent extent : shape.extents) {
    if (!extent.is_known()) return Count::unknown();
    elements = times(elements, extent.size());
  }
  return times(elements, 4);
}

class Kept {
 public:
  Kept(const Summary& summary, const Pieces& pieces, const Sharing& sharing, const PlanOptions& options)
      : model_(*summary.model), pieces_(pieces), sharing_(sharing), options_(options) {}

  Activations find(std::uint64_t element) const {
    const bool was_seen = !model_.runs.empty() && (!options_.checkpointing || pieces_.list != kNone);
    return was_seen && (has_kept() || model_.runs[0].activation_bytes.known() != 0) ? of_run() : of_text(element);
  }

 private:
  bool has_kept() const { return !options_.kept.empty(); }

  // Of a module with all below it.
  Count made_in(Index module) const {
    return has_kept() ? options_.kept[module] : work_in(model_, module, &Run::activation_bytes);
  }

  Activations of_run() const {
    if (options_.cache.context || options_.cache.batch != 1) {
      throw Error(
          ErrorKind::usage, "",
          "batch and context are those of the example that the model was run with: give one of the size that is "
          "meant");
    }
    if (has_kept() && options_.kept.size() != model_.modules.size()) {
      throw Error(ErrorKind::usage, "",
                  fmt::format("what is kept is told of {} modules, and the model has {}", options_.kept.size(),
                              model_.modules.size()));
    }
    PlanLine line;
    line.what = "activations";
    line.is_at_most = !has_kept();
    line.bytes = line.on_each = options_.checkpointing ? checkpointed() : made_in(0);
    line.how = has_kept() ? "what autograd keeps of one forward of the inputs that were given"
                          : "what operators return in one forward of the inputs that were given: autograd keeps a part";
    if (options_.checkpointing) line.how += "; of layers what each returns, and the most that one makes again";
    if (sharing_.tensor > 1 || sharing_.pipeline > 1) line.how += "; not shared here";
    return {std::move(line), ""};
  }

  // Layers keep what they are given, which the one before returned.
  Count checkpointed() const {
    const Count whole = made_in(0);
    std::uint64_t rest = whole.known();
    std::uint64_t largest = 0;
    Count sum = whole.is_exact() ? Count() : Count::unknown();
    for (Index layer = model_.modules[pieces_.list].first_child; layer != kNone; layer = model_.modules[layer].next) {
      const std::uint64_t made = made_in(layer).known();
      rest -= std::min(rest, made);
      largest = std::max(largest, made);
      sum += bytes_of(model_.runs[layer].out);
    }
    sum += plus(rest, largest);
    return sum;
  }

  Activations of_text(std::uint64_t element) const {
    const std::uint64_t context = options_.cache.context.value_or(model_.config.cache.context);
    if (pieces_.layers == 0 || pieces_.hidden == 0 || context == 0)
      return {std::nullopt, "activations: no whole forward was seen; that of a live model with an example input is"};
    std::uint64_t of_layer = element;
    for (const std::uint64_t factor : {options_.cache.batch, context, pieces_.hidden})
      of_layer = times(of_layer, factor);
    PlanLine line;
    line.what = options_.checkpointing ? "activations" : "inputs of layers";
    line.bytes = times(of_layer, pieces_.layers);
    line.on_each = times(of_layer, divided(pieces_.layers, sharing_.pipeline));
    line.how = fmt::format("{} text{} x {} tokens x {} x {} bytes for each of {} layers", options_.cache.batch,
                           options_.cache.batch == 1 ? "" : "s", context, pieces_.hidden, element, pieces_.layers);
    line.is_of_text = true;
    return {std::move(line), options_.checkpointing
                                 ? "what the layer that is computed again keeps"
                                 : "activations beside the inputs of layers: no whole forward was seen; with "
                                   "checkpointing they are of one layer at a time"};
  }

  const Model& model_;
  const Pieces& pieces_;
  const Sharing& sharing_;
  const PlanOptions& options_;
};

}  // namespace

Activations activations_of(const Summary& summary, const Pieces& pieces, const Sharing& sharing,
                           const PlanOptions& options, std::uint64_t element) {
  return Kept(summary, pieces, sharing, options).find(element);
}

}  // namespace weigh
