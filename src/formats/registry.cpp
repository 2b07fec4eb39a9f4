#include "formats/registry.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "bytes/folder.h"
#include "formats/dcp.h"
#include "formats/deepspeed.h"
#include "formats/diffusers.h"
#include "formats/directory.h"
#include "formats/flax.h"
#include "formats/gguf.h"
#include "formats/hugging_face.h"
#include "formats/keras.h"
#include "formats/megatron.h"
#include "formats/model_name.h"
#include "formats/npz.h"
#include "formats/onnx.h"
#include "formats/orbax.h"
#include "formats/pt2.h"
#include "formats/pytorch.h"
#include "formats/safetensors.h"
#include "formats/sharded.h"
#include "formats/tensorflow.h"
#include "formats/tflite.h"
#include "formats/torchscript.h"
#include "formats/unknown.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::array kFormats = {
    Format{"safetensors", "one file, a directory of shards, or an index with its shards", matches_safetensors,
           read_safetensors},
    Format{"PyTorch", "torch.save and Lightning: state dicts, checkpoints, whole modules; zip, legacy stream and tar",
           matches_pytorch, read_pytorch},
    Format{"GGUF", "versions 1 to 3, either byte order, one file or split into several", matches_gguf, read_gguf},
    Format{"TorchScript", "torch.jit.save: scripted, traced and frozen modules", matches_torchscript, read_torchscript},
    Format{"torch.export", "torch.export.save: exported programs, .pt2", matches_pt2, read_pt2},
    Format{"ONNX", "models of any opset, weights inside or in files beside them", matches_onnx, read_onnx,
           read_onnx_in},
    Format{"NumPy", "numpy.savez: .npz, stored or compressed", matches_npz, read_npz},
    Format{"TensorFlow Lite", "converted graphs, .tflite (LiteRT): float, float16 and quantised", matches_tflite,
           read_tflite},
    Format{"Keras", "archives (.keras), models and weights of Keras 2 and 3 (.h5); any other HDF5 file as data sets",
           matches_keras, read_keras},
    Format{"Flax", "flax.serialization: parameters and training states, .msgpack", matches_flax, read_flax},
};

// In the order in which they are tried; what none of them knows is looked at by plan_directory.
constexpr std::array kDirectoryFormats = {
    DirectoryFormat{"TensorFlow", "SavedModels, and checkpoints of versions 1 and 2 with all their shards",
                    matches_tensorflow, read_tensorflow},
    DirectoryFormat{"Orbax", "checkpoints of JAX: a directory with _METADATA, Zarr or OCDBT", matches_orbax,
                    read_orbax},
    DirectoryFormat{"diffusers", "a pipeline's directory: model_index.json and a folder for each component",
                    matches_diffusers, read_diffusers},
    DirectoryFormat{"PyTorch DCP", "torch.distributed.checkpoint: .metadata and *.distcp, FSDP among others",
                    matches_dcp, read_dcp},
    DirectoryFormat{"DeepSpeed", "checkpoints of ZeRO 0 to 3, and universal ones", matches_deepspeed, read_deepspeed},
    DirectoryFormat{"Megatron", "checkpoints of ranks (mp_rank_00_000): tensor and pipeline parallel", matches_megatron,
                    read_megatron},
};

// Whether it is of a known format.
bool read_source(Folder& folder, Glance& glance, const ReadOptions& options, Model& model) {
  const Format* chosen = nullptr;
  for (const Format& format : kFormats) {
    if (!format.matches(glance)) continue;
    if (chosen == nullptr) {
      chosen = &format;
    } else {
      model.notes.push_back(
          {"polyglot", model.source,
           fmt::format("is also a {} file; it was read as {}. Other programs may see another model in it", format.name,
                       chosen->name)});
    }
  }
  if (chosen == nullptr) return false;
  if (chosen->read_in != nullptr) {
    chosen->read_in(folder, glance.source(), options, model);
  } else {
    chosen->read(glance.source(), options, model);
  }
  return true;
}

// What a file is to be: one of several side by side may be of no format, and a config.json beside them is nobody's.
enum class Wanted : std::uint8_t { model, one_of_several, perhaps_one_of_several };

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
    read_config(folder, options, model);
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
  if (model.format == "safetensors" && wanted == Wanted::model) read_config(folder, options, model);
  return true;
}

}  // namespace

std::span<const Format> format_table() { return kFormats; }
std::span<const DirectoryFormat> directory_format_table() { return kDirectoryFormats; }

std::vector<FormatInfo> formats() {
  std::vector<FormatInfo> infos;
  infos.reserve(std::size(kFormats) + std::size(kDirectoryFormats));
  for (const Format& format : kFormats) infos.push_back({format.name, format.description});
  for (const DirectoryFormat& format : kDirectoryFormats) infos.push_back({format.name, format.description});
  return infos;
}

Model read(Folder& folder, std::string_view name, const ReadOptions& options) {
  Model model;
  if (!name.empty()) {
    model.source = path_in(folder.label(), name);
    read_file(folder, name, options, model);
    return model;
  }
  model.source = folder.label();
  const DirectoryFormat* format = directory_format_of(folder);
  (format == nullptr ? read_directory : format->read)(folder, options, model);
  return model;
}

const DirectoryFormat* directory_format_of(const Folder& folder) {
  (void)folder.names();  // each format looks for a few, and the system need not be asked for each
  const auto* found = std::find_if(kDirectoryFormats.begin(), kDirectoryFormats.end(),
                                   [&](const DirectoryFormat& format) { return format.matches(folder); });
  return found == kDirectoryFormats.end() ? nullptr : found;
}

void read_directory(Folder& folder, const ReadOptions& options, Model& model) {
  DirectoryPlan plan = plan_one_model(folder);
  const ModelFiles& files = plan.models.front();
  if (files.shards.empty()) {
    read_file(folder, files.file, options, model);
  } else {
    read_shards(folder, files.shards, options, model);
    read_config(folder, options, model);
  }
  std::move(plan.notes.begin(), plan.notes.end(), std::back_inserter(model.notes));
}

std::optional<Model> read_if_model(Folder& folder, const ModelFiles& files, const ReadOptions& options) {
  Model model;
  model.source = path_in(folder.label(), files.name());
  if (!files.shards.empty()) {
    read_shards(folder, files.shards, options, model);
    return model;
  }
  // What only may be a model by its ending is left out silently.
  const std::string_view ending = model_ending(files.file);
  const bool is_telling = !ending.empty() && ending != ".bin" && ending != ".pkl";
  const Wanted wanted = is_telling ? Wanted::one_of_several : Wanted::perhaps_one_of_several;
  if (!read_file(folder, files.file, options, model, wanted)) return std::nullopt;
  return model;
}

}  // namespace weigh
