#include "formats/registry.h"

#include <array>

#include <fmt/format.h>

#include "formats/flax/format.h"
#include "formats/gguf/format.h"
#include "formats/keras/format.h"
#include "formats/npz/format.h"
#include "formats/onnx/format.h"
#include "formats/pt2/format.h"
#include "formats/pytorch/format.h"
#include "formats/safetensors/format.h"
#include "formats/tflite/format.h"
#include "formats/torchscript/format.h"

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

}  // namespace

std::span<const Format> format_table() { return kFormats; }

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

}  // namespace weigh
