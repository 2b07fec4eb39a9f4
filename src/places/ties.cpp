#include "places/ties.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "conventions/embeddings.h"

namespace weigh {
namespace {

enum Side : std::uint8_t { shared, encoder, decoder, output, kSides };

// The matrices that may be the embedding of one side.
struct Found {
  Index first = kNone;
  std::size_t count = 0;

  void add(Index tensor) {
    if (count++ == 0) first = tensor;
  }
};

class Ties {
 public:
  explicit Ties(Model& model) : model_(model) {}

  void run() {
    find();
    if (!choose()) return;
    const Config& config = model_.config;
    if (config.tied_embeddings) {
      tie_alike();
      note_unlike();
    } else if (!config.ties_are_told) {
      note_unsure();
    } else if (shares_inputs()) {
      chosen_[output] = kNone;
      tie_alike();
    }
  }

 private:
  void find() {
    for (std::size_t i = 0; i < model_.tensors.size(); ++i) {
      const Tensor& tensor = model_.tensors[i];
      if (tensor.name != "weight" || tensor.tied_to != kNone || tensor.rank != 2) continue;
      const Module& owner = model_.modules[tensor.module];
      if (conventions::may_be_text_embedding(owner.name)) {
        add(static_cast<Index>(i), side_of(tensor.module), conventions::is_text_embedding(owner.name));
      } else if (may_be_output(owner)) {
        add(static_cast<Index>(i), output, conventions::is_output_embedding(owner.name));
      }
    }
  }

  void add(Index tensor, Side side, bool is_sure) { (is_sure ? sure_ : perhaps_)[side].add(tensor); }

  // One of each side. False where there are several: which belong together is not told.
  bool choose() {
    for (std::size_t side = 0; side < kSides; ++side) {
      if (sure_[side].count > 1) return false;
      chosen_[side] = sure_[side].first;
      if (sure_[side].count == 0 && perhaps_[side].count == 1) chosen_[side] = perhaps_[side].first;
    }
    return true;
  }

  bool may_be_output(const Module& owner) const {
    if (!conventions::may_be_output_embedding(owner.name)) return false;
    if (owner.name != "decoder") return true;
    const std::string_view parent = model_.modules[owner.parent].name;
    return parent == "predictions" || parent == "lm_head";
  }

  Side side_of(Index module) const {
    for (Index i = model_.modules[module].parent; i != kNone; i = model_.modules[i].parent) {
      if (model_.modules[i].name.ends_with("encoder")) return encoder;
      if (model_.modules[i].name.ends_with("decoder")) return decoder;
    }
    return shared;
  }

  // Classes that hand one embedding to encoder and decoder, whatever the output layer is.
  bool shares_inputs() const {
    const std::vector<std::string>& types = model_.config.types;
    return !types.empty() && conventions::always_shares_inputs(types.front());
  }

  bool are_alike(Index a, Index b) const {
    const Tensor& one = model_.tensors[a];
    const Tensor& other = model_.tensors[b];
    return one.dtype == other.dtype && one.rank == other.rank &&
           std::equal(model_.shape_begin(one), model_.shape_end(one), model_.shape_begin(other));
  }

  // What is tied stands behind its original.
  void tie_alike() {
    std::vector<Index> all;
    for (std::size_t side = 0; side < kSides; ++side)
      if (chosen_[side] != kNone && (side != encoder || model_.config.ties_both_sides)) all.push_back(chosen_[side]);
    std::sort(all.begin(), all.end());
    for (std::size_t i = 1; i < all.size(); ++i) {
      const auto original = std::find_if(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(i),
                                         [&](Index other) { return are_alike(other, all[i]); });
      if (*original == all[i]) continue;
      const Index before = model_.tensors[*original].tied_to;
      tie(before == kNone ? *original : before, all[i]);
      for (const Index side : {*original, all[i]}) tie_bias(model_.tensors[side].module);
    }
  }

  void tie(Index original, Index tied) {
    model_.tensors[tied].tied_to = original;
    model_.tensors[tied].stored_apart = true;
  }

  // "cls.predictions.decoder.bias" is "cls.predictions.bias".
  void tie_bias(Index layer) {
    if (model_.modules[layer].name != "decoder") return;
    const Index own = bias_in(layer);
    const Index above = bias_in(model_.modules[layer].parent);
    if (own != kNone && above != kNone && are_alike(own, above)) tie(std::min(own, above), std::max(own, above));
  }

  Index bias_in(Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == "bias" && model_.tensors[i].tied_to == kNone && model_.tensors[i].rank_known())
        return i;
    return kNone;
  }

  // Which input the output layer would be.
  Index input() const {
    for (const Side side : {decoder, shared, encoder})
      if (chosen_[side] != kNone) return chosen_[side];
    return kNone;
  }

  void note_unlike() {
    const Index in = input();
    const Index out = chosen_[output];
    if (in == kNone || out == kNone || sure_[output].count == 0 || are_alike(in, out)) return;
    model_.notes.push_back(
        {"config-contradicts", path(std::max(in, out)),
         fmt::format("differs in shape or dtype from {}, though config.json ties them (tie_word_embeddings); both are "
                     "counted",
                     path(std::min(in, out)))});
  }

  void note_unsure() {
    const Index in = input();
    const Index out = chosen_[output];
    if (in == kNone || sure_[output].count == 0 || !are_alike(in, out)) return;
    model_.notes.push_back(
        {"perhaps-tied", path(std::max(in, out)),
         fmt::format("may be {} once more: they are alike, config.json does not say (tie_word_embeddings), and what "
                     "its class does is not known; both are counted",
                     path(std::min(in, out)))});
  }

  std::string path(Index tensor) const { return model_.path_of(model_.tensors[tensor]); }

  Model& model_;
  std::array<Found, kSides> sure_;     // by their names
  std::array<Found, kSides> perhaps_;  // by names that others have, too
  std::array<Index, kSides> chosen_ = {kNone, kNone, kNone, kNone};
};

}  // namespace

void tie_embeddings(Model& model) { Ties(model).run(); }

}  // namespace weigh
