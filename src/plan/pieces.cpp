#include "plan/pieces.h"

#include <algorithm>
#include <array>
#include <functional>

#include "analysis/parts.h"
#include "bytes/digits.h"
#include "conventions/experts.h"
#include "conventions/key_modules.h"
#include "plan/bounded.h"

namespace weigh {
namespace {

// What holds for a module and all below it.
struct Place {
  std::uint32_t layer = 0;
  bool is_in_layer = false;
  std::uint64_t experts = 0;   // one of so many
  bool holds_experts = false;  // each of its tensors all of a layer, as the first extent
  bool is_left_out = false;    // of a copy, or of an optimizer's state
};

class Collector {
 public:
  explicit Collector(const Summary& summary)
      : summary_(summary), model_(*summary.model), places_(model_.modules.size()) {}

  Pieces collect() {
    find_layers();
    for (const CachedLayer& layer : model_.config.cache.layers)
      if (layer.kind != LayerCache::latent) heads_ = std::max(heads_, layer.heads);
    for (const Section& section : model_.sections)
      if (section.kind != SectionKind::model && section.root != kNone) places_[section.root].is_left_out = true;
    for (std::size_t i = 1; i < places_.size(); ++i) place(static_cast<Index>(i));
    for (const Tensor& tensor : model_.tensors) add(tensor);
    return std::move(pieces_);
  }

 private:
  // Modules that are called 0, 1, 2, … side by side, which hold most of the model, the outermost of such: experts are
  // below a layer.
  void find_layers() {
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < model_.modules.size(); ++i) {
      const auto module = static_cast<Index>(i);
      const std::uint64_t held = summary_.tallies[i].bytes.known();
      if (held <= most || !has_numbered(module)) continue;
      if (pieces_.list != kNone && is_below(module, pieces_.list)) continue;
      most = held;
      pieces_.list = module;
    }
    if (pieces_.list == kNone) return;
    for (Index child = model_.modules[pieces_.list].first_child; child != kNone; child = model_.modules[child].next) {
      places_[child].layer = ++pieces_.layers;
      places_[child].is_in_layer = true;
    }
  }

  bool has_numbered(Index module) const {
    const Index first = model_.modules[module].first_child;
    return first != kNone && model_.modules[first].next != kNone && is_number(model_.modules[first].name) &&
           is_number(model_.modules[model_.modules[first].next].name);
  }

  bool is_below(Index module, Index above) const {
    while (module != kNone && module > above) module = model_.modules[module].parent;
    return module == above;
  }

  // Parents stand before their children, and what stands before the layers belongs to the first stage.
  void place(Index module) {
    const Module& here = model_.modules[module];
    const Place& above = places_[here.parent];
    Place& place = places_[module];
    place.is_left_out = place.is_left_out || above.is_left_out;
    place_experts(module, above);
    if (place.is_in_layer) return;
    place.is_in_layer = above.is_in_layer;
    place.layer = above.is_in_layer                                ? above.layer
                  : pieces_.list != kNone && module > pieces_.list ? pieces_.layers + 1
                                                                   : 0;
  }

  void place_experts(Index module, const Place& above) {
    const std::string_view name = model_.modules[module].name;
    Place& place = places_[module];
    place.experts = above.experts;
    place.holds_experts = above.holds_experts || conventions::holds_packed_experts(name);
    if (!conventions::is_list_of_experts(name) || above.experts != 0) return;
    for (Index child = model_.modules[module].first_child; child != kNone; child = model_.modules[child].next)
      if (is_number(model_.modules[child].name)) ++place.experts;
    place.holds_experts = place.experts == 0;
  }

  std::uint64_t experts_of(const Tensor& tensor) const {
    const Place& place = places_[tensor.module];
    if (!place.holds_experts || !tensor.rank_known() || tensor.rank == 0) return place.experts;
    const Extent first = *model_.shape_begin(tensor);
    return first.is_known() ? first.size() : 0;
  }

  // What all experts or all heads need is whole on each device; keys and values are split by heads.
  std::uint64_t most_ways(std::string_view module) const {
    using enum conventions::KeyModule;
    if (conventions::is_router(module) || module == "q_a_proj" || module == "attn_q_a") return 1;
    switch (conventions::key_module(module)) {
      case latent: return 1;
      case keys:
      case values:
      case keys_and_values: return heads_;
      default: return 0;
    }
  }

  void add(const Tensor& tensor) {
    const Index index = model_.index_of(tensor);
    const Place& place = places_[tensor.module];
    if (tensor.tied_to != kNone || place.is_left_out) return;
    const Part part = summary_.quantized.part(index);
    const Count numel = summary_.numel(tensor);
    const Count bytes = model_.bytes(tensor, numel);
    if (!numel.is_exact() || !bytes.is_exact() || part == Part::unexplained) ++pieces_.unknown;
    Piece piece;
    piece.module = model_.modules[tensor.module].name;
    piece.bytes = bytes.known();
    piece.is_packed = part == Part::packed;
    const std::uint64_t logical = piece.is_packed ? summary_.quantized.logical[index] : QuantizedWeights::kUnknown;
    piece.shape = shape_of(tensor, logical == QuantizedWeights::kUnknown ? numel.known() : logical);
    piece.is_overhead = part == Part::overhead;
    piece.is_parameter = piece.is_packed || (part == Part::plain && tensor.role == Role::parameter);
    piece.is_trainable = tensor.requires_grad != RequiresGrad::no;
    piece.is_floating = is_floating_point(tensor.dtype) || piece.is_packed || block_of(tensor.dtype).elements != 0;
    piece.is_in_layer = place.is_in_layer;
    piece.experts = experts_of(tensor);
    piece.most_ways = piece.is_in_layer ? most_ways(piece.module) : 0;
    pieces_.experts = std::max(pieces_.experts, piece.experts);
    piece.layer = place.layer;
    if (!piece.is_in_layer && is_text_embedding(model_, tensor.module)) see_embedding(piece.shape);
    add(piece, tensor.first_extent);
  }

  // Experts of a layer are alike, a few kinds of tensors in turn: the latest kinds are remembered.
  void add(const Piece& piece, Index shape) {
    const std::uint64_t kind = shape * 31 + std::hash<std::string_view>()(piece.module) + piece.bytes;
    std::uint32_t& latest = latest_[kind * 0x9E3779B97F4A7C15U >> 52];
    if (latest < pieces_.pieces.size()) {
      Piece& same = pieces_.pieces[latest];
      Piece alike = piece;
      alike.count = same.count;
      if (alike == same) {
        ++same.count;
        return;
      }
    }
    latest = static_cast<std::uint32_t>(pieces_.pieces.size());
    pieces_.pieces.push_back(piece);
  }

  Trained shape_of(const Tensor& tensor, std::uint64_t elements) const {
    Trained shape{elements, tensor.rank_known() ? tensor.rank : std::uint64_t{0}, 0, 0};
    if (shape.rank < 2) return shape;
    const Extent* const extents = model_.shape_begin(tensor);
    const auto size = [](Extent extent) { return extent.is_known() ? extent.size() : 1; };
    std::uint64_t before = 1;
    for (unsigned i = 0; i + 2 < tensor.rank; ++i) before = times(before, size(extents[i]));
    shape.rows = times(before, size(extents[tensor.rank - 2]));
    shape.columns = times(before, size(extents[tensor.rank - 1]));
    unpack(shape);
    return shape;
  }

  // Of packed weights one side counts words. Which one is not looked at: the longer sum of both sides counts.
  static void unpack(Trained& shape) {
    if (shape.rank != 2 || shape.rows == 0 || shape.columns == 0) return;
    const std::uint64_t rows = divided(shape.elements, shape.columns);
    const std::uint64_t columns = divided(shape.elements, shape.rows);
    if (shape.rows + columns > rows + shape.columns) {
      shape.columns = columns;
    } else {
      shape.rows = rows;
    }
  }

  // The language model's is the largest of that name.
  void see_embedding(const Trained& shape) {
    if (shape.rank != 2 || shape.rows == 0 || shape.elements <= embedding_) return;
    embedding_ = shape.elements;
    pieces_.hidden = shape.elements / shape.rows;
  }

  const Summary& summary_;
  const Model& model_;
  std::vector<Place> places_;
  Pieces pieces_;
  std::uint64_t embedding_ = 0;
  std::uint64_t heads_ = 0;  // that keys and values have
  std::array<std::uint32_t, 4096> latest_ = {};
};

}  // namespace

Pieces pieces_of(const Summary& summary) { return Collector(summary).collect(); }

}  // namespace weigh
