#include "model/cache_tensors.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/digits.h"
#include "conventions/embeddings.h"
#include "conventions/key_modules.h"
#include "conventions/parts.h"
#include "conventions/transformers.h"

namespace weigh {
namespace {

using conventions::KeyModule;
using conventions::PartKind;

constexpr unsigned kDeepest = 8;        // modules between a layer and what makes its keys
constexpr std::size_t kMostLists = 16;  // of layers: a language model's, and those of its towers
constexpr std::uint64_t kMostRows = 1ULL << 32;

// Rows of what makes keys and values in one layer; 0: not known, of packed weights or where none is there.
struct LayerTensors {
  bool is_layer = false;  // any tensors
  bool is_there = false;  // anything that makes keys
  bool is_unclear = false;
  std::uint64_t keys = 0;
  std::uint64_t values = 0;
  std::uint64_t both = 0;
  std::uint64_t all = 0;  // queries too
  std::uint64_t latent = 0;
  std::uint64_t index = 0;
};

// Layers that stand in one module by their numbers.
struct LayerList {
  Index module = kNone;
  std::uint64_t end = 0;  // behind the largest number
  bool is_text = false;   // below what is called the language model
  std::vector<LayerTensors> layers;
};

class Finder {
 public:
  Finder(const Model& model, std::uint64_t layers, std::uint64_t all_layers)
      : model_(model), layers_(layers), all_layers_(all_layers) {}

  // Those of the language model; nothing where it is not clear which these are.
  std::vector<LayerTensors> find() {
    for (Index i = 1; i < model_.modules.size(); ++i) {
      const Module& module = model_.modules[i];
      if (const KeyModule what = conventions::key_module(module.name); what != KeyModule::none) add(i, what);
    }
    LayerList* found = nullptr;
    for (LayerList& list : lists_) {
      if (list.end > all_layers_) continue;
      if (found != nullptr && found->is_text == list.is_text) return {};
      if (found == nullptr || list.is_text) found = &list;
    }
    if (found == nullptr) return {};
    found->layers.resize(layers_);
    for (Index i = model_.modules[found->module].first_child; i != kNone; i = model_.modules[i].next)
      if (const auto number = number_of(model_.modules[i].name); number && *number < layers_)
        found->layers[*number].is_layer = true;
    return std::move(found->layers);
  }

 private:
  void add(Index module, KeyModule what) {
    if (what == KeyModule::elsewhere || what == KeyModule::index) return;
    bool is_index = false;
    Index at = model_.modules[module].parent;
    for (unsigned depth = 0; depth < kDeepest && at != kNone; ++depth) {
      const Module& owner = model_.modules[at];
      if (is_number(owner.name)) break;
      const KeyModule around = conventions::key_module(owner.name);
      if (around == KeyModule::elsewhere) return;
      is_index |= around == KeyModule::index;
      at = owner.parent;
    }
    if (at == kNone || !is_number(model_.modules[at].name)) return;
    const std::uint64_t number = number_of(model_.modules[at].name).value_or(layers_);
    LayerList* list = list_of(model_.modules[at].parent);
    if (list == nullptr) return;
    list->end = std::max(list->end, number == ~std::uint64_t{0} ? number : number + 1);
    if (number >= layers_) return;
    if (list->layers.empty()) list->layers.resize(layers_);
    take(list->layers[number], module, is_index ? KeyModule::index : what);
  }

  // Nothing of layers in towers, and of those that predict further tokens.
  LayerList* list_of(Index module) {
    if (last_ < lists_.size() && lists_[last_].module == module) return &lists_[last_];
    const auto known =
        std::find_if(lists_.begin(), lists_.end(), [&](const LayerList& l) { return l.module == module; });
    if (known != lists_.end()) {
      last_ = static_cast<std::size_t>(known - lists_.begin());
      return &*known;
    }
    if (lists_.size() == kMostLists) return nullptr;
    LayerList list;
    list.module = module;
    unsigned depth = 0;
    for (Index at = module; at != kNone && depth < 4 * kDeepest; at = model_.modules[at].parent, ++depth) {
      const PartKind kind = conventions::part_kind(model_.modules[at].name);
      if (kind == PartKind::tower || kind == PartKind::predicting) return nullptr;
      list.is_text |= kind == PartKind::language_model;
    }
    lists_.push_back(std::move(list));
    last_ = lists_.size() - 1;
    return &lists_.back();
  }

  void take(LayerTensors& layer, Index module, KeyModule what) {
    const std::uint64_t rows = rows_of(module);
    const auto set = [&](std::uint64_t& place) {
      if (place != 0 && rows != 0 && place != rows) layer.is_unclear = true;
      place = rows;
    };
    switch (what) {
      case KeyModule::keys: set(layer.keys); break;
      case KeyModule::values: return set(layer.values);
      case KeyModule::keys_and_values: set(layer.both); break;
      case KeyModule::queries_too: set(layer.all); break;
      case KeyModule::latent: set(layer.latent); break;
      default:
        if (model_.modules[module].name == "wk" || model_.modules[module].name == "k_proj") set(layer.index);
        return;
    }
    layer.is_there = true;
  }

  // Of a matrix that is not packed, or is so in a way that keeps its shape.
  std::uint64_t rows_of(Index module) const {
    for (Index i = model_.modules[module].first_tensor; i != kNone; i = model_.tensors[i].next) {
      const Tensor& tensor = model_.tensors[i];
      if (tensor.name != "weight" || tensor.rank != 2) continue;
      const bool keeps_shape =
          tensor.layout == Layout::strided ? is_floating_point(tensor.dtype) : model_.format == "GGUF";
      const Extent* shape = model_.shape_begin(tensor);
      if (!keeps_shape || !shape[0].is_known() || !shape[1].is_known()) return 0;
      // GPT-2's is turned round, and has more of them than columns.
      const bool is_turned = model_.modules[module].name == "c_attn" && shape[1].size() > shape[0].size();
      const std::uint64_t rows = shape[is_turned ? 1 : 0].size();
      return rows < kMostRows ? rows : 0;
    }
    return 0;
  }

  const Model& model_;
  const std::uint64_t layers_;
  const std::uint64_t all_layers_;
  std::vector<LayerList> lists_;
  std::size_t last_ = 0;
};

bool attends(const CachedLayer& layer) {
  return layer.kind != LayerCache::none && layer.kind != LayerCache::state && layer.kind != LayerCache::shared;
}

class Settler {
 public:
  Settler(const CacheFacts& facts, Model& model) : facts_(facts), model_(model), told_(layer_caches(facts)) {}

  void settle() {
    if (told_.layers.empty()) return refuse(told_.why_not);
    if (!makes_text()) return;
    tensors_ = Finder(model_, facts_.layers, facts_.layers + model_.config.predicting_layers).find();
    // Zamba's layers take turns with one attention, whose tensors are there once.
    if (told_.needs_tensors && (tensors_.empty() || facts_.model_type.starts_with("zamba")))
      return refuse("which of its layers attend the configuration does not tell");
    for (std::size_t i = 0; i < told_.layers.size() && i < tensors_.size(); ++i) mend(told_.layers[i], i);
    for (const CachedLayer& layer : told_.layers)
      if (attends(layer) && (layer.heads == 0 || layer.key_size == 0)) return refuse_sizes();
    note_contradiction();
    model_.config.cache.layers = std::move(told_.layers);
    model_.config.cache.windows_known = told_.windows_known;
  }

 private:
  void refuse(const std::string& why) {
    if (!why.empty()) model_.notes.push_back({"token-cache", "", "what it keeps of a text is not told: " + why});
  }

  // A class that is not known may be anything: something must say that it makes text.
  bool makes_text() {
    const std::string& name = facts_.architecture;
    if (name.empty() || conventions::is_known_type(facts_.model_type)) return true;
    for (const std::string_view word : {"LM", "Generation", "Chat"})
      if (name.find(word) != std::string::npos) return true;
    for (const Module& module : model_.modules)
      if (conventions::is_output_embedding(module.name)) return true;
    if (facts_.model_type.empty()) return false;  // of diffusers, for one
    refuse(fmt::format("nothing says that {} makes text", name.substr(0, 100)));
    return false;
  }

  void refuse_sizes() {
    if (facts_.query_heads != 0) refuse("the configuration does not tell the sizes of keys and values of all layers");
  }

  void mend(CachedLayer& layer, std::size_t i) {
    const LayerTensors& tensors = tensors_[i];
    if (!attends(layer)) return;
    if (!tensors.is_there) {
      // Layers that take turns with one attention hold it once; and of a missing shard nothing is known.
      if (!told_.kinds_said && tensors.is_layer) {
        layer = CachedLayer();
        ++without_;
      }
      return;
    }
    if (tensors.is_unclear || facts_.repeats_heads) return;
    if (tensors.latent != 0) {
      layer.kind = layer.window == 0 ? LayerCache::latent : layer.kind;
      layer.heads = 1;
      layer.key_size = tensors.latent + tensors.index;
      layer.value_size = 0;
      return;
    }
    if (layer.kind == LayerCache::latent) return;
    std::uint64_t keys = tensors.keys;
    std::uint64_t values = tensors.values != 0 ? tensors.values : tensors.keys;
    if (tensors.both != 0 && tensors.both % 2 == 0) keys = values = tensors.both / 2;
    if (tensors.all != 0) keys = values = beside_queries(tensors.all);
    if (keys != 0 && values != 0 && tensors.index == 0) take(layer, keys, values);
    if (keys != 0 && values != 0 && tensors.index != 0) {
      layer.heads = 1;
      layer.key_size = keys + tensors.index;
      layer.value_size = values;
    }
  }

  // The rows of keys in a matrix that begins with those of the queries.
  std::uint64_t beside_queries(std::uint64_t rows) const {
    const auto queries = checked_mul(facts_.query_heads, facts_.heads.key_size);
    if (!queries || *queries == 0) return rows % 3 == 0 ? rows / 3 : 0;
    return rows > *queries && (rows - *queries) % 2 == 0 ? (rows - *queries) / 2 : 0;
  }

  void take(CachedLayer& layer, std::uint64_t keys, std::uint64_t values) {
    const auto told_keys = checked_mul(layer.heads, layer.key_size);
    const auto told_values = checked_mul(layer.heads, layer.value_size);
    if (told_keys == keys && told_values == values) return;
    if (told_keys.value_or(0) != 0 && told_values.value_or(0) != 0) {
      if (others_++ == 0)
        first_ = fmt::format("{} numbers for a token and layer by the configuration, {} by the tensors",
                             *told_keys + *told_values, keys + values);
    }
    if (layer.key_size != 0 && keys % layer.key_size == 0 && values % (keys / layer.key_size) == 0) {
      layer.heads = keys / layer.key_size;
    } else if (layer.heads == 0 || keys % layer.heads != 0 || values % layer.heads != 0) {
      layer.heads = 1;
    }
    layer.key_size = keys / layer.heads;
    layer.value_size = values / layer.heads;
  }

  void note_contradiction() {
    if (others_ != 0) {
      model_.notes.push_back({"config-contradicts", "",
                              fmt::format("keys and values of {} layers are {}; the tensors count", others_, first_)});
    }
    if (without_ != 0 && conventions::is_known_type(facts_.model_type)) {
      model_.notes.push_back({"config-contradicts", "",
                              fmt::format("{} layers have no tensors that make keys, though they attend by the "
                                          "configuration; the tensors count",
                                          without_)});
    }
  }

  const CacheFacts& facts_;
  Model& model_;
  LayerCaches told_;
  std::vector<LayerTensors> tensors_;
  std::size_t others_ = 0;   // layers whose sizes are others than told
  std::size_t without_ = 0;  // layers without what makes keys
  std::string first_;
};

}  // namespace

void settle_cache(const CacheFacts& facts, Model& model) { Settler(facts, model).settle(); }

}  // namespace weigh
