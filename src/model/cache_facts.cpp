#include "model/cache_facts.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "conventions/transformers.h"

namespace weigh {
namespace {

using conventions::KeepsKeys;
using conventions::LayerKind;
using conventions::LayerPattern;

constexpr std::uint64_t kMostLayers = 65'536;        // the deepest models have hundreds
constexpr std::uint64_t kMostElements = 1ULL << 32;  // that a layer keeps of a token

bool is_said_of(std::string_view text, auto... words) { return ((text.find(words) != std::string_view::npos) || ...); }

// Classes whose answer is no text.
bool makes_no_text(std::string_view architecture) {
  return is_said_of(architecture, "Classification", "ForQuestionAnswering", "ForMultipleChoice", "ForMaskedLM",
                    "ForNextSentencePrediction", "RewardModel", "EncoderModel", "ForCTC");
}

class Builder {
 public:
  explicit Builder(const CacheFacts& facts) : facts_(facts) {}

  LayerCaches build() {
    if (!makes_text()) return std::move(caches_);
    if (facts_.layers == 0) return std::move(caches_);
    if (facts_.layers > kMostLayers)
      return fail(fmt::format("it is said to have {} layers, more than {}", facts_.layers, kMostLayers));
    if (facts_.is_encoder_decoder)
      return fail("it reads one text and makes another, and keeps keys and values of both");
    if (facts_.has_compressed) return fail("it keeps one entry for several tokens");
    find_kinds();
    if (!caches_.why_not.empty()) return std::move(caches_);
    for (std::size_t i = 0; i < kinds_.size(); ++i) {
      caches_.layers.push_back(layer(i));
      if (!caches_.why_not.empty()) return fail(std::move(caches_.why_not));
    }
    share();
    return std::move(caches_);
  }

 private:
  LayerCaches fail(std::string why) {
    LayerCaches none;
    none.why_not = std::move(why);
    return none;
  }

  bool makes_text() {
    if (facts_.looks_ahead || makes_no_text(facts_.architecture)) return false;
    KeepsKeys keeps = conventions::keeps_keys_and_values(facts_.model_type);
    if (keeps == KeepsKeys::unknown) keeps = conventions::keeps_keys_and_values(facts_.whole_type);
    return keeps == KeepsKeys::yes || keeps == KeepsKeys::unknown ||
           (keeps == KeepsKeys::if_decoder && facts_.is_decoder.value_or(false));
  }

  // What the configuration says layer for layer, or by a period; then what its class does.
  void find_kinds() {
    kinds_.assign(facts_.layers, LayerKind::full);
    pattern_ = conventions::layer_pattern(facts_.model_type);
    if (facts_.windows_unknown) {
      caches_.windows_known = false;
      return;
    }
    if (!facts_.kinds.empty()) {
      take_said();
    } else if (facts_.state_period != 0) {
      take_state_period();
    } else if (facts_.window_period != 0) {
      repeat(LayerKind::window, facts_.window_period, looks_back_first());
    } else if (pattern_.period_key == "max_window_layers") {
      take_window_from();
    } else {
      take_class();
    }
  }

  void take_said() {
    caches_.kinds_said = true;
    if (facts_.kinds.size() < kinds_.size()) {
      caches_.why_not = fmt::format("the configuration tells of {} layers of {}", facts_.kinds.size(), kinds_.size());
      return;
    }
    std::copy_n(facts_.kinds.begin(), kinds_.size(), kinds_.begin());
  }

  // In a period of the class, whether the layer that looks back at all is the first.
  bool looks_back_first() const { return !pattern_.period.empty() && pattern_.period.front() == LayerKind::full; }

  void repeat(LayerKind other, std::uint64_t period, bool is_first) {
    for (std::size_t i = 0; i < kinds_.size(); ++i)
      if (i % period != (is_first ? 0 : period - 1)) kinds_[i] = other;
  }

  void take_state_period() {
    if (!facts_.state_offset) return repeat(LayerKind::state, facts_.state_period, false);
    for (std::size_t i = 0; i < kinds_.size(); ++i)
      if (i % facts_.state_period != *facts_.state_offset % facts_.state_period) kinds_[i] = LayerKind::state;
  }

  // Qwen2 and its kin: only where the window is said to be used, and from a layer on.
  void take_window_from() {
    if (!facts_.uses_window.value_or(false) || facts_.window.value_or(0) == 0) return;
    if (!facts_.window_from) {
      caches_.windows_known = false;
      return;
    }
    for (std::size_t i = *facts_.window_from; i < kinds_.size(); ++i) kinds_[i] = LayerKind::window;
  }

  void take_class() {
    const std::vector<LayerKind>& period = pattern_.period;
    const bool has_window = facts_.window.value_or(0) != 0 && facts_.uses_window.value_or(true);
    if (period.empty()) {
      // How the layers of such a class differ stands in keys that are not there.
      caches_.needs_tensors = conventions::keeps_keys_and_values(facts_.model_type) == KeepsKeys::yes;
      if (has_window) caches_.windows_known = false;
      return;
    }
    const bool is_uniform = std::all_of(period.begin(), period.end(), [&](LayerKind k) { return k == period.front(); });
    if (is_uniform && period.front() == LayerKind::full) {
      // By the library's rule, of classes without a list: a window is one of all layers.
      if (has_window) std::fill(kinds_.begin(), kinds_.end(), LayerKind::window);
      return;
    }
    if (period.size() > 1) caches_.kinds_said = true;
    for (std::size_t i = 0; i < kinds_.size(); ++i) kinds_[i] = period[i % period.size()];
  }

  CachedLayer layer(std::size_t i) {
    CachedLayer layer;
    switch (kinds_[i]) {
      case LayerKind::none: return layer;
      case LayerKind::state:
        layer.kind = LayerCache::state;
        layer.keeps_state = true;
        return layer;
      case LayerKind::full_and_state: layer.keeps_state = true; [[fallthrough]];
      case LayerKind::indexed:
      case LayerKind::full: layer.kind = LayerCache::full; break;
      case LayerKind::window_and_state: layer.keeps_state = true; [[fallthrough]];
      case LayerKind::window: take_window(layer); break;
      case LayerKind::chunked:
        layer.kind = LayerCache::chunked;
        layer.window = facts_.chunk;
        if (facts_.chunk == 0) caches_.windows_known = false;
        break;
      case LayerKind::window_of_answer:
        layer.kind = LayerCache::full;
        caches_.windows_known = false;
        break;
      case LayerKind::compressed: caches_.why_not = "it keeps one entry for several tokens"; return layer;
      case LayerKind::unknown:
        caches_.why_not = fmt::format("what layer {} keeps is called by a word that is not known", i);
        return layer;
    }
    take_sizes(layer, i);
    return layer;
  }

  void take_window(CachedLayer& layer) {
    layer.kind = LayerCache::window;
    if (!facts_.window) {
      caches_.windows_known = false;
    } else if (*facts_.window == 0 || !facts_.uses_window.value_or(true)) {
      layer.kind = LayerCache::full;
    } else {
      layer.window = *facts_.window;
    }
  }

  void take_sizes(CachedLayer& layer, std::size_t i) {
    if (facts_.latent != 0) {
      layer.kind = layer.window == 0 ? LayerCache::latent : layer.kind;
      layer.heads = 1;
      layer.key_size = bounded(facts_.latent + (kinds_[i] == LayerKind::indexed ? bounded(facts_.index) : 0));
      return;
    }
    const HeadFacts& own = layer.kind == LayerCache::window ? facts_.window_heads : facts_.full_heads;
    const auto either = [](std::uint64_t first, std::uint64_t second) { return first != 0 ? first : second; };
    layer.heads = either(own.heads, facts_.heads.heads);
    if (i < facts_.heads_of_layers.size()) {
      layer.heads = facts_.heads_of_layers[i];
      if (layer.heads == 0) {
        layer = CachedLayer();
        return;
      }
    }
    layer.key_size = bounded(either(own.key_size, facts_.heads.key_size));
    layer.value_size =
        bounded(either(either(own.value_size, own.key_size), either(facts_.heads.value_size, layer.key_size)));
    layer.heads = bounded(layer.heads);
    if (kinds_[i] == LayerKind::indexed) add_index(layer, bounded(facts_.index));
  }

  // Of which there is one for all heads.
  static void add_index(CachedLayer& layer, std::uint64_t index) {
    layer.key_size = bounded(checked_mul(layer.heads, layer.key_size).value_or(0));
    layer.value_size = bounded(checked_mul(layer.heads, layer.value_size).value_or(0));
    layer.heads = 1;
    if (layer.key_size != 0) layer.key_size += index;
  }

  static std::uint64_t bounded(std::uint64_t size) { return size < kMostElements ? size : 0; }

  static bool attends(const CachedLayer& layer) {
    return layer.kind != LayerCache::none && layer.kind != LayerCache::state;
  }

  // The last layers take what the last layer of their kind before them keeps.
  void share() {
    std::vector<CachedLayer>& layers = caches_.layers;
    if (facts_.sharing_factor > 1) {
      for (std::size_t i = 0; i < layers.size(); ++i)
        if (i % facts_.sharing_factor != 0) share(i, i - i % facts_.sharing_factor);
    }
    if (facts_.shared_layers == 0 || facts_.shared_layers >= layers.size()) return;
    const std::size_t first = layers.size() - facts_.shared_layers;
    std::array<std::size_t, 8> last = {};
    last.fill(layers.size());
    for (std::size_t i = 0; i < first; ++i) last[static_cast<std::size_t>(layers[i].kind)] = i;
    for (std::size_t i = first; i < layers.size(); ++i) {
      const std::size_t other = last[static_cast<std::size_t>(layers[i].kind)];
      if (attends(layers[i]) && other != layers.size()) share(i, other);
    }
  }
  void share(std::size_t i, std::size_t with) {
    caches_.layers[i] = CachedLayer();
    caches_.layers[i].kind = LayerCache::shared;
    caches_.layers[i].shared_with = static_cast<std::uint32_t>(with);
  }

  const CacheFacts& facts_;
  LayerPattern pattern_;
  std::vector<LayerKind> kinds_;
  LayerCaches caches_;
};

}  // namespace

LayerCaches layer_caches(const CacheFacts& facts) { return Builder(facts).build(); }

}  // namespace weigh
