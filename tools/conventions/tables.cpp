#include "conventions/tables.h"

#include <array>
#include <cstddef>

#include "conventions/adapter_keys.h"
#include "conventions/buffers.h"
#include "conventions/checkpoint_keys.h"
#include "conventions/config_keys.h"
#include "conventions/embeddings.h"
#include "conventions/experts.h"
#include "conventions/file_names.h"
#include "conventions/gguf_layers.h"
#include "conventions/key_modules.h"
#include "conventions/layer_kinds.h"
#include "conventions/packed_layouts.h"
#include "conventions/parts.h"
#include "conventions/rank_splits.h"
#include "conventions/wrappers.h"

namespace weigh::conventions {
namespace {

template <std::size_t N, class Enum>
std::string word(const std::array<std::string_view, N>& words, Enum value) {
  return std::string(words.at(static_cast<std::size_t>(value)));
}

std::string kind_of(const Row&) { return ""; }

std::string kind_of(const BufferRow& row) {
  constexpr std::array<std::string_view, 11> kWords = {"by name",
                                                       "by name, rank 1",
                                                       "by name, shape [1, 1, n, n]",
                                                       "end of the name",
                                                       "beginning of the path",
                                                       "by name, rank 1",
                                                       "beside ",
                                                       "one number, beside ",
                                                       "in a loss, rank 1",
                                                       "word in the name of a loss",
                                                       "by name, of classes that have one"};
  return word(kWords, row.condition) + (row.sibling.empty() ? "" : "`" + std::string(row.sibling) + "`");
}

std::string kind_of(const EmbeddingRow& row) {
  constexpr std::array<std::string_view, 7> kWords = {"input",
                                                      "input, if it holds a matrix",
                                                      "output",
                                                      "output, if it holds a matrix",
                                                      "type that shares its inputs",
                                                      "type of two models",
                                                      "type that always tells ties"};
  return word(kWords, row.side);
}

std::string kind_of(const AdapterKeyRow& row) {
  constexpr std::array<std::string_view, 5> kWords = {"type", "base", "rank", "alpha", "targets"};
  return word(kWords, row.fact);
}

std::string kind_of(const RankSplitRow& row) { return row.along == 0 ? "rows" : "columns"; }

std::string kind_of(const PartRow& row) {
  constexpr std::array<std::string_view, 7> kWords = {
      "", "tower", "language model", "predicts", "holds the layers", "word in a tower's name", "word, beside a tower"};
  return word(kWords, row.kind);
}

std::string kind_of(const ExpertsRow& row) {
  constexpr std::array<std::string_view, 6> kWords = {"module",          "module of numbered ones",
                                                      "end of a module", "end of a module that is a mixture",
                                                      "router",          "beginning of a tensor"};
  return word(kWords, row.what);
}

std::string kind_of(const CheckpointKeyRow& row) {
  constexpr std::array<std::string_view, 4> kWords = {"model", "average", "average, as a word", "moment"};
  return word(kWords, row.what);
}

std::string kind_of(const FileNameRow& row) {
  constexpr std::array<std::string_view, 5> kWords = {"stem", "variant", "file of a trainer",
                                                      "files of a trainer begin", "ending of what is no model"};
  return word(kWords, row.what);
}

std::string kind_of(const GgufLayersRow& row) {
  if (row.layers.period != 0) return "window, period " + std::to_string(row.layers.period);
  if (row.layers.state_period != 0) return "state, period " + std::to_string(row.layers.state_period);
  if (row.layers.is_encoder_decoder) return "encoder and decoder";
  return row.layers.is_encoder ? "encoder" : "state";
}

std::string kind_of(const KeyModuleRow& row) {
  constexpr std::array<std::string_view, 8> kWords = {"",       "keys",  "values",   "keys and values", "queries too",
                                                      "latent", "index", "elsewhere"};
  return word(kWords, row.what);
}

std::string kind_of(const LayerKindRow& row) {
  constexpr std::array<std::string_view, 11> kWords = {"",
                                                       "none",
                                                       "full",
                                                       "window",
                                                       "chunked",
                                                       "indexed",
                                                       "compressed",
                                                       "state",
                                                       "full and state",
                                                       "window and state",
                                                       "window of the answer"};
  return word(kWords, row.kind);
}

std::string kind_of(const ConfigKeyRow& row) {
  constexpr auto kWords = std::to_array<std::string_view>({"object of the text part",
                                                           "model type",
                                                           "layers",
                                                           "predicting layers",
                                                           "width",
                                                           "heads",
                                                           "key and value heads",
                                                           "head size",
                                                           "value size",
                                                           "window heads",
                                                           "window head size",
                                                           "window value size",
                                                           "full heads",
                                                           "full head size",
                                                           "index size",
                                                           "multi query",
                                                           "many queries",
                                                           "latent rank",
                                                           "latent rotary size",
                                                           "context",
                                                           "window",
                                                           "chunk",
                                                           "uses the window",
                                                           "kinds of layers",
                                                           "layer letters",
                                                           "layer blocks",
                                                           "layers repeat",
                                                           "attending flags",
                                                           "window flags",
                                                           "chunk flags",
                                                           "attending layers",
                                                           "attending ordinals",
                                                           "interval of attention",
                                                           "attention period",
                                                           "attention offset",
                                                           "window period",
                                                           "window from",
                                                           "shared layers",
                                                           "sharing factor",
                                                           "compressed",
                                                           "is decoder",
                                                           "is encoder decoder",
                                                           "looks ahead",
                                                           "dtype",
                                                           "tied embeddings",
                                                           "experts",
                                                           "experts per token",
                                                           "experts that compute nothing",
                                                           "shared experts",
                                                           "width of the shared expert",
                                                           "packing: method",
                                                           "packing: algorithm",
                                                           "packing: bits",
                                                           "packing: group size",
                                                           "groups: bits",
                                                           "groups: group size",
                                                           "patterns: bits",
                                                           "patterns: group size",
                                                           "beside patterns: bits",
                                                           "layers: bits",
                                                           "layers: group size"});
  static_assert(kWords.size() == static_cast<std::size_t>(ConfigFact::count_));
  return word(kWords, row.fact);
}

std::string kind_of(const OverheadRow& row) {
  constexpr std::array<std::string_view, 3> kWords = {"name", "end of the name", "beginning of the name"};
  return word(kWords, row.form);
}

// "[rows, columns·bits/word]".
std::string text_of(const PackedExtent& extent) {
  constexpr std::array<std::string_view, 10> kWords = {
      "1", "rows", "columns", "rows·columns", "group", "vector's rows", "vector's columns", "books", "filled", "…"};
  std::string text = word(kWords, extent.of);
  if (extent.times != 1) text += "·" + std::to_string(extent.times);
  if (extent.times_bits) text += "·bits";
  if (extent.times_codes) text += "·2^bits";
  if (extent.over_vector) text += "/vector";
  if (extent.over_word) text += "/word";
  if (extent.over_group) text += "/group";
  if (extent.over != 1) text += "/" + std::to_string(extent.over);
  if (extent.fills != 1) text += " up to " + std::to_string(extent.fills);
  return text;
}

std::string kind_of(const PackedLayoutRow& row) {
  std::string text;
  for (const PackedTensor& tensor : row.parts()) {
    text += text.empty() ? "" : "; ";
    text += std::string("`").append(tensor.name) + "`" + (tensor.is_needed ? "" : "?");
    for (std::size_t i = 0; i < tensor.rank; ++i) text += (i == 0 ? " [" : ", ") + text_of(tensor.shape[i]);
    if (tensor.rank > 0) text += "]";
  }
  if (row.bits != 0) text += "; bits " + std::to_string(row.bits);
  if (row.group != 0) text += "; group " + std::to_string(row.group);
  if (!row.method.empty()) text += std::string("; method ").append(row.method);
  return text;
}

template <class Rows>
Table table(std::string_view title, std::string_view file, std::string_view about, const Rows& rows) {
  Table made{title, file, about, {}};
  for (const auto& row : rows) made.rows.push_back({row, kind_of(row)});
  return made;
}

}  // namespace

std::vector<Table> tables() {
  return {
      table(
          "Buffers", "buffers.cpp",
          "Floating-point tensors that are no parameters, where a file does not say so. Integers are buffers whatever "
          "they are called.",
          buffer_rows()),
      table("Embeddings", "embeddings.cpp", "Modules by which tokens go into a language model and come out of it.",
            embedding_rows()),
      table("Parts", "parts.cpp", "Modules that tell what a text token passes and what it does not.", part_rows()),
      table("Experts", "experts.cpp", "Mixtures of experts.", experts_rows()),
      table("Checkpoints", "checkpoint_keys.cpp", "What the parts of a checkpoint are called.", checkpoint_key_rows()),
      table("Wrappers", "wrappers.cpp",
            "Modules that wrap another and put themselves into the names of what it holds; a diff looks through them.",
            wrapper_rows()),
      table("Files", "file_names.cpp", "What files beside each other are called.", file_name_rows()),
      table(
          "Keys of config.json", "config_keys.cpp",
          "Of several keys of one meaning the first counts, and that in the text part's object before the model's own. "
          "`*` stands for any name.",
          config_key_rows()),
      table("Keys of GGUF", "config_keys.cpp", "Behind the name of the architecture: `llama.block_count`.",
            gguf_key_rows()),
      table("Keys of adapter_config.json", "adapter_keys.cpp", "What PEFT says of an adapter.", adapter_key_rows()),
      table("Kinds of layers", "layer_kinds.cpp",
            "What a layer keeps of the text before it, by its word in `layer_types`.", layer_kind_rows()),
      table("Layers of GGUF", "gguf_layers.cpp", "What a file of the architecture leaves out.", gguf_layers_rows()),
      table("Keys and values", "key_modules.cpp",
            "Modules of a layer that make what is kept of a text. Their rows are its size.", key_module_rows()),
      table(
          "Packed layouts", "packed_layouts.cpp",
          "Tensors of a layer whose weights were quantised after training, and their extents. `*` stands for the "
          "weight's name; `?` marks tensors that may be missing; `word` is the bits of an element, `group` the weights "
          "that share a scale.",
          packed_layout_rows()),
      table("Beside packed weights", "packed_overhead.cpp",
            "Tensors of such a layer that only say how to unpack its weights.", overhead_rows()),
      table("Beside quantised keys and values", "packed_overhead.cpp",
            "Tensors that say how attention packs what it keeps when the model runs.", cache_scale_rows()),
      table("What may be a scale", "packed_overhead.cpp",
            "Parts of names: integers beside them, in a layout that is not known, may be weights.", scale_rows()),
      table("Splits of Llama", "rank_splits.cpp",
            "Matrices that ranks split in Meta's own files, by the name of their module.", llama_split_rows()),
  };
}

}  // namespace weigh::conventions
