#include "formats/keras/format.h"

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "formats/keras/assembler.h"
#include "formats/keras/config.h"
#include "formats/keras/layouts.h"
#include "formats/keras/shards.h"
#include "formats/keras/store.h"
#include "model/builder.h"
#include "wire/hdf5.h"
#include "wire/json.h"
#include "wire/zip.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using keras::Store;

void add_fact(const char* key, std::string value, Model& model) {
  if (!value.empty()) model.metadata.emplace_back(key, std::move(value));
}

// What the configuration tells of the whole.
void name_model(const std::vector<keras::ConfigNode>& nodes, Model& model) {
  model.architecture = nodes[0].class_name.substr(nodes[0].class_name.rfind('>') + 1);
  model.modules[0].type = model.keep(model.architecture);
  add_fact("name", nodes[0].name, model);
}

// How its layers are quantised, where all that are agree: "int4" of "int4/128".
std::string quantization_of(const std::vector<keras::ConfigNode>& nodes) {
  std::string mode;
  for (const keras::ConfigNode& node : nodes) {
    const std::string own = node.quantization.substr(0, node.quantization.find('/'));
    if (own.empty() || own == mode) continue;
    if (!mode.empty()) return "";
    mode = own;
  }
  return mode;
}

struct Weights {
  std::vector<Source*> sources;           // none where the file has weights that were not read
  std::vector<std::string> files;         // that they lie in
  std::uint64_t base = 0;                 // where they lie in it
  bool is_plain = true;                   // they lie there as they are
  const keras::Shards* shards = nullptr;  // which they are
};

void read_weights(const Weights& weights, std::vector<keras::ConfigNode> nodes, const ReadOptions& options,
                  Model& model) {
  Store store(weights.sources, options.limits);
  if (weights.shards != nullptr) weights.shards->compare(store);
  const keras::Layout layout = weights.sources.empty() ? keras::Layout::saved : keras::layout_of(store);
  if (const std::string config = store.text(Store::root(), "model_config"); !config.empty() && nodes.empty())
    nodes = keras::read_model_config(config, model.source + ", model_config", options.limits);
  const std::size_t inner = store.find(Store::root(), "model_weights");
  const std::size_t group = inner == keras::kNothing ? Store::root() : inner;
  add_fact("keras_version", store.text(group, "keras_version"), model);
  add_fact("backend", store.text(group, "backend"), model);
  if (layout == keras::Layout::plain && model.kind.empty()) model.format = "HDF5";
  if (model.kind.empty())
    model.kind = layout == keras::Layout::plain ? "data sets" : nodes.empty() ? "weights" : "model";
  if (!nodes.empty()) name_model(nodes, model);
  model.config.quantization.method = quantization_of(nodes);
  if (options.locations) model.files = weights.files;
  keras::Assembler assembler(store, nodes, options, model, weights.base, weights.is_plain);
  switch (layout) {
    case keras::Layout::saved: return keras::read_saved(assembler);
    case keras::Layout::legacy: return keras::read_legacy(assembler);
    case keras::Layout::plain: return keras::read_plain(assembler);
  }
}

// {"keras_version": "3.15.1", "date_saved": …}
void read_metadata(const std::string& text, std::string_view label, Model& model) {
  const auto source = memory_source(std::string(label), text);
  json::Text json;
  json.read(*source, 0, text.size());
  json::Parser parser;
  json::Document document(parser, json, label);
  document.for_each_member([&](std::string_view key, json::Value value) {
    std::string_view held;
    if (key == "keras_version" && !value.get_string().get(held)) add_fact("keras_version", std::string(held), model);
  });
}

// The configuration of an author's own class names no layers, so of one that was never called nothing is known.
void note_never_built(const Limits& limits, Model& model) {
  model.notes.push_back(
      {"never-built", model.source,
       fmt::format("holds no weights: it was saved before the {} was built, and what weights that will "
                   "have is not recorded. Call it once before it is saved",
                   model.architecture.substr(0, 100))});
  Tensor unknown;
  unknown.rank = Tensor::kUnknownRank;
  unknown.state = State::missing;
  ModelBuilder(model, limits).add_by_path(unknown, "?", {});
}

void read_archive(Source& source, const ReadOptions& options, Model& model) {
  const ZipDirectory zip(source, options.limits);
  const auto place = [&](const char* name) { return source.label() + "/" + name; };
  const auto text = [&](const char* name) {
    const ZipEntry* entry = zip.find(name);
    if (entry == nullptr) return std::string();
    if (entry->size > options.limits.json_file_bytes) {
      throw Error(ErrorKind::limit, place(name), "is longer than any configuration (limit json_file_bytes)");
    }
    return zip.read(*entry);
  };
  model.kind = "archive";
  if (const std::string metadata = text("metadata.json"); !metadata.empty())
    read_metadata(metadata, place("metadata.json"), model);
  const std::string config = text("config.json");
  if (config.empty()) throw Error(ErrorKind::corrupt, source.label(), "is a Keras archive without a config.json");
  std::vector<keras::ConfigNode> nodes = keras::read_model_config(config, place("config.json"), options.limits);
  const ZipEntry* entry = zip.find("model.weights.h5");
  if (entry == nullptr) {
    model.notes.push_back(
        {"weights-not-read", place("model.weights.npz"),
         "holds the weights as pickles of Keras's variables, which Keras does not load either; shapes "
         "are those that the configuration tells. Save it with Keras's defaults"});
    return read_weights({}, std::move(nodes), options, model);
  }
  const bool names_layers = nodes.size() > 1 || nodes[0].class_name == "Sequential";
  if (entry->is_stored()) {
    const std::uint64_t base = zip.data_offset(*entry);
    const auto part = part_source(source, place("model.weights.h5"), base, entry->size);
    read_weights({{part.get()}, {model.source}, base, true}, std::move(nodes), options, model);
  } else {
    const std::string inflated = zip.read(*entry);
    const auto memory = memory_source(place("model.weights.h5"), inflated);
    read_weights({{memory.get()}, {model.source}, 0, false}, std::move(nodes), options, model);
  }
  if (model.tensors.empty() && !names_layers) note_never_built(options.limits, model);
}

}  // namespace

bool matches_keras(Glance& glance) {
  return glance.zip_kind() == ZipKind::keras || hdf5::find_superblock(glance.source()).has_value();
}

void read_keras(Source& source, const ReadOptions& options, Model& model) {
  model.format = "Keras";
  if (Glance(source).is_zip()) return read_archive(source, options, model);
  read_weights({{&source}, {model.source}, 0, true}, {}, options, model);
}

bool is_keras_shard(std::string_view file, std::string_view index) { return keras::is_shard_of(file, index); }

void read_keras_shards(const Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  model.format = "Keras";
  const keras::Shards shards(folder, name, options.limits, model);
  Weights weights;
  weights.sources = shards.sources();
  weights.shards = &shards;
  model.source_bytes = 0;
  for (const Source* source : weights.sources) {
    weights.files.push_back(source->label());
    model.source_bytes += source->size();
  }
  model.kind = fmt::format("weights, {} shard{}", weights.sources.size(), weights.sources.size() == 1 ? "" : "s");
  read_weights(weights, {}, options, model);
}

}  // namespace weigh
