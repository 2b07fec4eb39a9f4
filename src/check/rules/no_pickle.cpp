// no-pickle: whoever loads a Python pickle runs what it says. Weighing it does not. A file that other programs may take
// for a pickle fails, too; a model of parts that may be some is undecided.
#include <array>
#include <string_view>

#include <fmt/format.h>

#include "check/rule.h"

namespace weigh::checks {
namespace {

enum class Pickles : std::uint8_t { none, all, some };

struct FormatRow {
  std::string_view name;  // as Model::format
  Pickles pickles;
};

constexpr std::array kFormats = {
    FormatRow{"safetensors", Pickles::none},
    FormatRow{"GGUF", Pickles::none},
    FormatRow{"ONNX", Pickles::none},
    FormatRow{"NumPy", Pickles::none},
    FormatRow{"TensorFlow Lite", Pickles::none},
    FormatRow{"TensorFlow", Pickles::none},
    FormatRow{"Keras", Pickles::none},
    FormatRow{"HDF5", Pickles::none},
    FormatRow{"Flax", Pickles::none},
    FormatRow{"Orbax", Pickles::none},
    FormatRow{"PyTorch", Pickles::all},
    FormatRow{"PyTorch DCP", Pickles::all},
    FormatRow{"DeepSpeed", Pickles::all},
    FormatRow{"Megatron", Pickles::all},
    FormatRow{"TorchScript", Pickles::all},
    FormatRow{"torch.export", Pickles::some},
    FormatRow{"diffusers", Pickles::some},
    FormatRow{"sentence-transformers", Pickles::some},
};

Pickles pickles_of(std::string_view format) {
  for (const FormatRow& row : kFormats)
    if (row.name == format) return row.pickles;
  return Pickles::some;
}

}  // namespace

Finding no_pickle(const Subject& subject, const Gate& /*gate*/) {
  const Model& model = subject.model;
  const Pickles pickles = pickles_of(model.format);
  if (pickles == Pickles::all) return failed(fmt::format("a {} file is a pickle", model.format));
  Finding inside = failed("holds a pickle, or is a file of another format as well");
  for (const Note& note : model.notes)
    if (note.code == "object-array" || note.code == "polyglot") add_place(inside, note.place);
  if (inside.all_places > 0) return inside;
  if (pickles == Pickles::some) return undecided(fmt::format("parts of a {} model may be pickles", model.format));
  return passed(fmt::format("{} holds no pickle", model.format));
}

}  // namespace weigh::checks
