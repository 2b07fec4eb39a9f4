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
    const Count seen = model_.runs.empty() ? Count() : model_.runs[0].activation_bytes;
    if (seen.known() != 0 && (!options_.checkpointing || has_layers())) return of_run(seen);
    return of_text(element);
  }

 private:
  bool has_layers() const { return pieces_.list != kNone; }

  Activations of_run(Count seen) const {
    if (options_.cache.context || options_.cache.batch != 1) {
      throw Error(
          ErrorKind::usage, "",
          "batch and context are those of the example that the model was run with: give one of the size that is "
          "meant");
    }
    PlanLine line;
    line.what = "activations";
    line.how = "all that operators return in one forward of the inputs that the model was given";
    if (options_.checkpointing) {
      seen = checkpointed(seen);
      line.how =
          "what operators return beside the layers, what each layer returns, and all of the layer that is computed "
          "again";
    }
    line.bytes = line.on_each = seen;
    if (sharing_.tensor > 1 || sharing_.pipeline > 1) line.how += "; not shared here";
    return {std::move(line), "the inputs themselves, and what operators keep that they do not return"};
  }

  // Layers keep what they are given, which the one before returned.
  Count checkpointed(Count seen) const {
    Count largest, kept;
    for (Index layer = model_.modules[pieces_.list].first_child; layer != kNone; layer = model_.modules[layer].next) {
      const Count made = work_in(model_, layer, &Run::activation_bytes);
      seen -= made;
      kept += bytes_of(model_.runs[layer].out);
      if (made.known() > largest.known()) largest = made;
    }
    seen += kept;
    seen += largest;
    return seen;
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
