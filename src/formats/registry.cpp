#include "formats/registry.h"

#include <array>
#include <iterator>
#include <memory>

#include <fmt/format.h>

#include "bytes/folder.h"
#include "formats/directory.h"
#include "formats/flax.h"
#include "formats/gguf.h"
#include "formats/hugging_face.h"
#include "formats/keras.h"
#include "formats/orbax.h"
#include "formats/pt2.h"
#include "formats/pytorch.h"
#include "formats/safetensors.h"
#include "formats/sharded.h"
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
    Format{"Keras", "archives (.keras), models and weights of Keras 2 and 3 (.h5); any other HDF5 file as data sets",
           matches_keras, read_keras},
    Format{"Flax", "flax.serialization: parameters and training states, .msgpack", matches_flax, read_flax},
};

// In the order in which they are tried; what none of them knows is looked at by plan_directory.
constexpr std::array kDirectoryFormats = {
    DirectoryFormat{"Orbax", "checkpoints of JAX: a directory with _METADATA, Zarr or OCDBT", matches_orbax,
                    read_orbax},
};

void read_source(Glance& glance, const ReadOptions& options, Model& model) {
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
  if (chosen == nullptr) refuse_unknown(glance);
  chosen->read(glance.source(), options, model);
}

void read_file(Folder& folder, std::string_view name, const ReadOptions& options, Model& model) {
  const std::unique_ptr<Source> source = folder.open(name);
  model.source_bytes = source->size();
  Glance glance(*source);
  if (matches_index(glance)) {
    model.source_bytes = 0;
    read_index(folder, name, options, model);
    return read_config(folder, options, model);
  }
  if (is_gguf_part(name) && matches_gguf(glance)) return read_gguf_parts(folder, name, options, model);
  read_source(glance, options, model);
  if (model.format == "safetensors") read_config(folder, options, model);
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
    model.source = folder.label().empty() ? std::string(name) : folder.label() + "/" + std::string(name);
    read_file(folder, name, options, model);
    return model;
  }
  model.source = folder.label();
  for (const DirectoryFormat& format : kDirectoryFormats) {
    if (!format.matches(folder)) continue;
    format.read(folder, options, model);
    return model;
  }
  const DirectoryPlan plan = plan_directory(folder);
  if (plan.shards.empty()) {
    read_file(folder, plan.file, options, model);
  } else {
    read_shards(folder, plan.shards, options, model);
    read_config(folder, options, model);
  }
  return model;
}

}  // namespace weigh
