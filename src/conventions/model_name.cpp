#include "conventions/model_name.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include "bytes/digits.h"
#include "conventions/file_names.h"

namespace weigh {
namespace {

// In the order of preference.
constexpr std::array<std::string_view, 17> kEndings = {".safetensors", ".bin",    ".pt",  ".pth",   ".ckpt", ".gguf",
                                                       ".onnx",        ".pt2",    ".ptl", ".keras", ".h5",   ".hdf5",
                                                       ".msgpack",     ".tflite", ".npz", ".ot",    ".pkl"};
constexpr std::string_view kKerasIndex = ".weights.json";  // its shards: keras/shards.h

// Takes "-00001-of-00002" out.
bool take_part(std::string& stem) {
  const std::size_t of = stem.rfind("-of-");
  if (of == std::string::npos || of == 0) return false;
  const std::size_t dash = stem.rfind('-', of - 1);
  if (dash == std::string::npos || !is_number(std::string_view(stem).substr(dash + 1, of - dash - 1))) return false;
  const std::size_t end = std::min(stem.find_first_not_of("0123456789", of + 4), stem.size());
  if (end == of + 4) return false;
  stem.erase(dash, end - dash);
  return true;
}

// "model.fp16": a usual stem may have any variant but a number, which counts parts; others a precision.
void take_variant(ModelName& name) {
  const std::size_t dot = name.stem.rfind('.');
  if (dot == std::string::npos || dot + 1 == name.stem.size()) return;
  const std::string_view variant = std::string_view(name.stem).substr(dot + 1);
  const bool is_usual = conventions::is_usual_stem(std::string_view(name.stem).substr(0, dot)) && !is_number(variant);
  if (!is_usual && !conventions::is_variant(variant)) return;
  name.variant = variant;
  name.stem.resize(dot);
}

// Where in the name of an index ".safetensors.index." begins, or ".bin.index.", and which of them.
std::optional<std::pair<std::size_t, std::string_view>> find_index_mark(std::string_view name) {
  if (!name.ends_with("json")) return std::nullopt;
  for (const std::string_view mark : {".safetensors.index.", ".bin.index."})
    if (const std::size_t at = name.find(mark); at != std::string_view::npos) return std::pair(at, mark);
  return std::nullopt;
}

std::string_view ending_of(std::string_view mark) { return mark.substr(0, mark.find('.', 1)); }

}  // namespace

bool is_keras_index(std::string_view name) { return name.size() > kKerasIndex.size() && name.ends_with(kKerasIndex); }

std::string_view model_ending(std::string_view name) {
  if (const auto mark = find_index_mark(name)) return ending_of(mark->second);
  if (is_keras_index(name)) return ".h5";
  const auto ending =
      std::find_if(kEndings.begin(), kEndings.end(), [&](std::string_view end) { return name.ends_with(end); });
  return ending == kEndings.end() ? std::string_view() : *ending;
}

ModelName parse_model_name(std::string_view text) {
  ModelName name;
  name.ending = model_ending(text);
  if (const auto mark = find_index_mark(text)) {
    name.stem = text.substr(0, mark->first);
    name.is_index = true;
    std::string_view variant = text.substr(mark->first + mark->second.size());  // "fp16.json" or "json"
    variant.remove_suffix(4);
    name.variant = variant.substr(0, variant.size() - (variant.ends_with('.') ? 1 : 0));
    if (name.variant.empty()) take_variant(name);
    return name;
  }
  if (is_keras_index(text)) {
    name.stem = text.substr(0, text.size() - kKerasIndex.size());
    name.is_index = true;
    return name;
  }
  name.stem = text.substr(0, text.size() - name.ending.size());
  name.is_part = take_part(name.stem);
  take_variant(name);
  return name;
}

bool ModelName::is_usual() const { return conventions::is_usual_stem(stem) && !ending.empty(); }

std::string ModelName::family() const {
  if (is_usual()) return stem.starts_with("adapter") ? "adapter" : "";
  return ending.empty() ? stem : stem + ".";
}

int ModelName::rank() const {
  const auto place = std::find(kEndings.begin(), kEndings.end(), ending) - kEndings.begin();
  const int form = is_index ? 0 : is_part ? 1 : 2;
  return (stem == "consolidated" ? 1000 : 0) + (variant.empty() ? 0 : 200) + static_cast<int>(place) * 4 + form;
}

bool is_trainer_file(std::string_view name) { return conventions::is_trainer_file(name); }
bool is_surely_no_model(std::string_view name) { return conventions::is_surely_no_model(name); }

}  // namespace weigh
