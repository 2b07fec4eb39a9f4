#include "places/read.h"

#include <iterator>
#include <memory>

#include "conventions/model_name.h"
#include "formats/common/copies.h"
#include "formats/common/unknown.h"
#include "formats/gguf/format.h"
#include "formats/keras/format.h"
#include "formats/registry.h"
#include "formats/tensorflow/format.h"
#include "model/roles.h"
#include "places/adapter.h"
#include "places/directory_formats.h"
#include "places/doubts.h"
#include "places/hugging_face.h"
#include "places/sharded.h"

namespace weigh {
namespace {

// What a file is to be: one of several side by side may be of no format, and a config.json beside them is nobody's.
enum class Wanted : std::uint8_t { model, one_of_several, perhaps_one_of_several };

// What lies beside the tensors, and what they lack of it.
void take_config(const Folder& folder, const ReadOptions& options, Model& model) {
  read_config(folder, options, model);
  note_doubts(model);
}

// Whether it is of a known format. One that is to be a model and is not is refused with what can be told of it.
bool read_file(Folder& folder, std::string_view name, const ReadOptions& options, Model& model,
               Wanted wanted = Wanted::model) {
  const std::unique_ptr<Source> source = folder.open(name);
  model.source_bytes = source->size();
  Glance glance(*source);
  if (is_keras_index(name) && matches_index(glance)) {
    read_keras_shards(folder, name, options, model);
    return true;
  }
  if (matches_index(glance)) {
    model.source_bytes = 0;
    read_index(folder, name, options, model);
    take_config(folder, options, model);
    return true;
  }
  if (is_gguf_part(name) && matches_gguf(glance)) {
    read_gguf_parts(folder, name, options, model);
    return true;
  }
  if (matches_tensorflow_index(*source, name)) {
    read_tensorflow_checkpoint(folder, name, options, model);
    return true;
  }
  if (is_saved_model(name)) {
    read_tensorflow(folder, options, model);
    return true;
  }
  if (!read_source(folder, glance, options, model)) {
    if (wanted != Wanted::perhaps_one_of_several) refuse_unknown(glance);
    return false;
  }
  if (model.format == "safetensors" && wanted == Wanted::model) take_config(folder, options, model);
  return true;
}

// What only the whole tells.
void settle(Model& model) {
  settle_roles(model);
  mark_copies(model);
}

}  // namespace

std::vector<FormatInfo> formats() {
  std::vector<FormatInfo> infos;
  for (const Format& format : format_table()) infos.push_back({format.name, format.description});
  for (const DirectoryFormat& format : directory_format_table()) infos.push_back({format.name, format.description});
  return infos;
}

Model read(Folder& folder, std::string_view name, const ReadOptions& options) {
  Model model;
  if (!name.empty()) {
    model.source = path_in(folder.label(), name);
    read_file(folder, name, options, model);
    settle(model);
    read_adapter(folder, options, model);
    return model;
  }
  model.source = folder.label();
  const DirectoryFormat* format = directory_format_of(folder);
  if (format == nullptr) {
    read_directory(folder, options, model);
    read_adapter(folder, options, model);
    return model;
  }
  format->read(folder, options, model);
  if (format->has_config) read_config(folder, options, model);
  settle(model);
  return model;
}

void read_directory(Folder& folder, const ReadOptions& options, Model& model) {
  DirectoryPlan plan = plan_one_model(folder);
  const ModelFiles& files = plan.models.front();
  if (files.shards.empty()) {
    read_file(folder, files.file, options, model);
  } else {
    read_shards(folder, files.shards, options, model);
    take_config(folder, options, model);
  }
  std::move(plan.notes.begin(), plan.notes.end(), std::back_inserter(model.notes));
  settle(model);
}

std::optional<Model> read_if_model(Folder& folder, const ModelFiles& files, const ReadOptions& options) {
  Model model;
  model.source = path_in(folder.label(), files.name());
  if (!files.shards.empty()) {
    read_shards(folder, files.shards, options, model);
    settle(model);
    return model;
  }
  // What only may be a model by its ending is left out silently.
  const std::string_view ending = model_ending(files.file);
  const bool is_telling = !ending.empty() && ending != ".bin" && ending != ".pkl";
  const Wanted wanted = is_telling ? Wanted::one_of_several : Wanted::perhaps_one_of_several;
  if (!read_file(folder, files.file, options, model, wanted)) return std::nullopt;
  settle(model);
  return model;
}

}  // namespace weigh
