#include "formats/pt2/saved_state.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "bytes/shown.h"
#include "formats/pytorch/open.h"

namespace weigh::pt2 {
namespace {

constexpr std::size_t kMostNamed = 3;

// Version 2.1 called them so, though they are no JSON. The state dict comes first: it counts where both hold a name.
constexpr std::array<std::string_view, 4> kEntries = {"serialized_state_dict.pt", "serialized_state_dict.json",
                                                      "serialized_constants.pt", "serialized_constants.json"};

}  // namespace

void SavedState::open() {
  for (const std::string_view name : kEntries) {
    const ZipEntry* entry = zip_.find(name);
    if (entry == nullptr || entry->size == 0) continue;
    if (entry->is_stored()) {
      open(*entry);
    } else {
      has_compressed_ = true;
      model_.notes.push_back(
          {"not-compared", std::string(name),
           "is compressed, so that what the graph says of the weights could not be compared with it"});
    }
  }
}

void SavedState::open(const ZipEntry& entry) {
  Artifact artifact;
  artifact.entry = entry.name;
  artifact.begin = zip_.data_offset(entry);
  artifact.source =
      part_source(source_, source_.label() + "/" + std::string(entry.name), artifact.begin, entry.stored_size);
  artifact.archive = pytorch::open_archive(*artifact.source, limits_);
  artifact.tensors = std::make_unique<pytorch::TensorReader>(*artifact.archive, artifact.source->label(), limits_);
  for (const auto& [key, value] : pytorch::mapping_entries(artifact.archive->root()))
    if (key.is(pytorch::Kind::string) && pytorch::is_tensor(value))
      held_.try_emplace(key.text(), Held{artifacts_.size(), value});
  artifacts_.push_back(std::move(artifact));
}

std::optional<SavedState::Found> SavedState::find(std::string_view name) {
  const auto held = held_.find(name);
  if (held == held_.end()) return std::nullopt;
  held->second.was_found = true;
  const Artifact& artifact = artifacts_[held->second.artifact];
  Found found;
  found.tensor = artifact.tensors->read(held->second.value, {nullptr, 0, name});
  found.entry = artifact.entry;
  const pytorch::TorchTensor& tensor = found.tensor;
  if (tensor.storage.empty()) return found;
  found.memory = fmt::format("{}/{}", artifact.entry, tensor.storage);
  const bool is_there = tensor.state == State::initialised && tensor.layout == Layout::strided && tensor.is_plain;
  const std::optional<std::uint64_t> storage = artifact.archive->storage_offset(tensor.storage);
  if (is_there && storage) found.offset = artifact.begin + *storage + tensor.storage_offset;
  return found;
}

void SavedState::note_surplus() const {
  for (std::size_t i = 0; i < artifacts_.size(); ++i) {
    std::size_t count = 0;
    std::string names;
    for (const auto& [name, held] : held_) {
      if (held.artifact != i || held.was_found) continue;
      if (++count <= kMostNamed) names += fmt::format("{}'{}'", count == 1 ? "" : ", ", name.substr(0, kShownText));
    }
    if (count == 0) continue;
    if (count > kMostNamed) names += fmt::format(" and {} more", count - kMostNamed);
    model_.notes.push_back({"unlisted-tensor", std::string(artifacts_[i].entry),
                            fmt::format("holds {}, which the program's signature does not name; {} not counted", names,
                                        count == 1 ? "it is" : "they are")});
  }
}

}  // namespace weigh::pt2
