#include "formats/tensorflow/format.h"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "formats/tensorflow/assembler.h"
#include "formats/tensorflow/bundle.h"
#include "formats/tensorflow/saved_model.h"
#include "wire/sstable.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using tensorflow::Assembler;
using tensorflow::Bundle;
using tensorflow::SavedModel;

constexpr std::string_view kIndex = ".index";
constexpr std::string_view kSavedModel = "saved_model.pb";
constexpr const char* kDefault = "serving_default";
constexpr std::string_view kState = "checkpoint";
constexpr std::string_view kLatest = "model_checkpoint_path: \"";
constexpr std::uint64_t kLongestState = std::uint64_t{1} << 20;
constexpr std::size_t kMostNamed = 5;

// Names of the checkpoints in a folder: "ckpt-1" of "ckpt-1.index", where shards of it stand beside it.
std::vector<std::string> checkpoints_in(const Folder& folder) {
  const std::vector<std::string>& names = folder.names();
  std::vector<std::string> found;
  for (const std::string& name : names) {
    if (!name.ends_with(kIndex)) continue;
    std::string stem = name.substr(0, name.size() - kIndex.size());
    const std::string shard = stem + ".data-";
    const auto first = std::lower_bound(names.begin(), names.end(), shard);
    if (first != names.end() && first->starts_with(shard)) found.push_back(std::move(stem));
  }
  return found;
}

// The text "checkpoint" that tf.train.Saver keeps beside checkpoints tells the latest in its first line.
std::string latest_of(const Folder& folder) {
  if (!folder.contains(kState)) return "";
  const auto source = folder.open(kState);
  const std::string text = source->read(0, static_cast<std::size_t>(std::min(source->size(), kLongestState)));
  if (!text.starts_with(kLatest)) return "";
  const std::string path = text.substr(kLatest.size(), text.find('"', kLatest.size()) - kLatest.size());
  return path.substr(path.rfind('/') + 1);
}

void read_bundle(const Folder& folder, const std::string& name, const ReadOptions& options, const SavedModel* saved,
                 Model& model) {
  const Bundle bundle(folder, name, options.limits);
  model.source_bytes = bundle.bytes();
  Assembler(bundle, options, model).run(saved);
}

// That which is called where none is named comes first, and its facts bear no name.
void add_signatures(const tensorflow::Signatures& signatures, Model& model) {
  const auto add = [&](const std::string& prefix, const tensorflow::Signature& signature) {
    model.metadata.emplace_back(prefix + "in", signature.in);
    model.metadata.emplace_back(prefix + "out", signature.out);
  };
  if (const auto found = signatures.find(kDefault); found != signatures.end()) add("", found->second);
  for (const auto& [name, signature] : signatures)
    if (name != kDefault) add(name + " ", signature);
}

void read_saved_model(Folder& folder, const ReadOptions& options, Model& model) {
  model.kind = "SavedModel";
  const auto source = folder.open(kSavedModel);
  const SavedModel saved = tensorflow::read_saved_model(*source, options.limits);
  if (!saved.version.empty()) model.metadata.emplace_back("tensorflow", saved.version);
  if (!saved.tags.empty()) model.metadata.emplace_back("tags", saved.tags);
  add_signatures(saved.signatures, model);
  const auto variables = folder.enter("variables");
  if (variables->contains("variables.index")) {
    read_bundle(*variables, "variables", options, &saved, model);
  } else {
    model.source_bytes = 0;
    model.notes.push_back({"no-variables", "variables/variables.index",
                           "is not there: the model has no variables, or they were not downloaded. Constants in its "
                           "graph are not counted"});
  }
  model.source_bytes += source->size();
}

}  // namespace

bool matches_tensorflow_index(Source& source, std::string_view name) {
  return name.ends_with(kIndex) && SsTable::matches(source);
}

void read_tensorflow_checkpoint(Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  model.format = "TensorFlow";
  model.kind = "checkpoint";
  read_bundle(folder, std::string(name.substr(0, name.size() - kIndex.size())), options, nullptr, model);
}

bool is_saved_model(std::string_view name) { return name == kSavedModel; }

bool matches_tensorflow(const Folder& folder) {
  if (folder.contains(kSavedModel)) return true;
  const std::vector<std::string>& names = folder.names();
  const bool has_other = std::any_of(names.begin(), names.end(), [](std::string_view name) {
    return name.ends_with(".safetensors") || name.ends_with(".bin");
  });
  return !has_other && !checkpoints_in(folder).empty();
}

void read_tensorflow(Folder& folder, const ReadOptions& options, Model& model) {
  model.format = "TensorFlow";
  if (folder.contains(kSavedModel)) return read_saved_model(folder, options, model);
  const std::vector<std::string> names = checkpoints_in(folder);
  std::string chosen = names.front();
  if (names.size() > 1) {
    chosen = latest_of(folder);
    if (std::find(names.begin(), names.end(), chosen) == names.end()) {
      std::string list;
      for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i)
        list += (i == 0 ? "" : ", ") + names[i] + std::string(kIndex);
      if (names.size() > kMostNamed) list += fmt::format(" and {} more", names.size() - kMostNamed);
      throw Error(ErrorKind::unsupported, folder.label(),
                  fmt::format("holds {} checkpoints side by side ({}); name one of them", names.size(), list));
    }
    model.metadata.emplace_back("checkpoint", chosen);
  }
  read_tensorflow_checkpoint(folder, chosen + std::string(kIndex), options, model);
}

}  // namespace weigh
