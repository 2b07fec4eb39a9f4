#include "formats/onnx/external.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace weigh {
namespace {

constexpr std::size_t kShownText = 200;
constexpr std::size_t kMostFiles = 100;
constexpr std::string_view kFact = "external data";
constexpr std::string_view kBehindName = ": ";

// Whether the path could lead out of the model's folder.
bool leaves_folder(std::string_view path) {
  if (path.starts_with('/') || path.find('\\') != std::string_view::npos || path.find('\0') != std::string_view::npos ||
      path.find(':') != std::string_view::npos)
    return true;
  while (!path.empty()) {
    const std::string_view part = path.substr(0, path.find('/'));
    if (part == "..") return true;
    path.remove_prefix(std::min(part.size() + 1, path.size()));
  }
  return false;
}

}  // namespace

void OnnxExternals::add(const OnnxTensor& tensor) {
  File& file = files_[tensor.external->location];
  if (file.tensors++ == 0) file.first = tensor.name;
  file.bytes += std::min(tensor.stored_bytes, UINT64_MAX - file.bytes);
  file.end = std::max(file.end, tensor.external->offset + tensor.stored_bytes);  // the sum was checked
}

void OnnxExternals::tell(Model& model) const {
  std::size_t told = 0;
  for (const auto& [location, file] : files_) {
    if (++told > kMostFiles) break;
    const std::string shown = location.substr(0, kShownText);
    model.metadata.emplace_back(kFact,
                                fmt::format("{}{}{} tensors, {} bytes", shown, kBehindName, file.tensors, file.bytes));
    if (!leaves_folder(location)) continue;
    model.notes.push_back(
        {"external-data", file.first.substr(0, kShownText),
         fmt::format("is said to lie in '{}', outside the model's folder; it was not looked at, but a "
                     "program that loads the model may read that file: do not load it",
                     shown)});
  }
}

void note_absent_onnx_files(const Folder& folder, Model& model) {
  for (const auto& [key, value] : model.metadata) {
    if (key != kFact) continue;
    const std::size_t end = value.rfind(kBehindName);
    const std::string name = value.substr(0, end);
    if (end == std::string::npos || name.empty() || name.size() >= kShownText || leaves_folder(name) ||
        folder.contains(name))
      continue;
    model.notes.push_back({"missing-shard", name,
                           fmt::format("is not beside the model, but {} are in it; download it, too, to load the model",
                                       value.substr(end + kBehindName.size()))});
  }
}

}  // namespace weigh
