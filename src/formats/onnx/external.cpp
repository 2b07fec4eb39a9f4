#include "formats/onnx/external.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bytes/shown.h"

namespace weigh {
namespace {

constexpr std::size_t kMostFiles = 100;

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

std::string told(std::uint64_t tensors, std::uint64_t bytes) {
  return fmt::format("{} tensors, {} bytes", tensors, bytes);
}

}  // namespace

void OnnxExternals::add(const OnnxTensor& tensor, const OnnxExternal& external, bool is_tied) {
  File& file = files_[external.location];
  if (file.tensors++ == 0) file.first = tensor.name;
  if (!is_tied) file.bytes += std::min(external.bytes, UINT64_MAX - file.bytes);
  const std::uint64_t end = external.offset + external.bytes;  // the sum was checked
  if (end <= file.end) return;
  file.end = end;
  file.last = tensor.name;
}

void OnnxExternals::tell(Model& model) const {
  std::size_t count = 0;
  for (const auto& [location, file] : files_) {
    if (++count > kMostFiles) break;
    const std::string shown = location.substr(0, kShownText);
    model.metadata.emplace_back("external data", fmt::format("{}: {}", shown, told(file.tensors, file.bytes)));
    if (!leaves_folder(location)) continue;
    model.notes.push_back(
        {"external-data", file.first.substr(0, kShownText),
         fmt::format("is said to lie in '{}', outside the model's folder; it was not looked at, but a "
                     "program that loads the model may read that file: do not load it",
                     shown)});
  }
}

void OnnxExternals::compare(const Folder& folder, const Limits& limits, Model& model) const {
  std::size_t count = 0;
  std::size_t notes = 0;
  for (const auto& [location, file] : files_) {
    if (++count > limits.shards || notes >= kMostFiles) return;
    if (leaves_folder(location)) continue;
    const std::optional<std::uint64_t> size = folder.size_of(location);
    if (size && *size >= file.end) continue;
    ++notes;
    Note note{"missing-shard", location.substr(0, kShownText), ""};
    if (!size) {
      note.message = fmt::format("is not beside the model, but {} are in it; download it, too, to load the model",
                                 told(file.tensors, file.bytes));
    } else {
      note.code = "short-shard";
      note.message = fmt::format("has {} bytes, but tensor '{}' ends at byte {} of it; is it complete?", *size,
                                 file.last.substr(0, kShownText), file.end);
    }
    model.notes.push_back(std::move(note));
  }
}

}  // namespace weigh
