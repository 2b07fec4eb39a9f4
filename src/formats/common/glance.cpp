#include "formats/common/glance.h"

#include <algorithm>
#include <span>
#include <utility>

#include "bytes/cursor.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kHeaderSize = 30;
constexpr std::string_view kScriptPickle =
    "\x80\x02"
    "c__torch__";  // an instance of a TorchScript class

ZipKind kind_of(const ZipDirectory& zip) {
  if (const auto folder = folder_of(zip, "data.pkl"))
    return zip.find(*folder + "constants.pkl") != nullptr ? ZipKind::script : ZipKind::saved;
  if (folder_of(zip, "models/model.json") || zip.find("serialized_exported_program.json") != nullptr ||
      holds_compiled(zip))
    return ZipKind::exported;
  const auto has = [&](std::string_view name) { return zip.find(name) != nullptr; };
  if (has("config.json") && (has("model.weights.h5") || has("model.weights.npz"))) return ZipKind::keras;
  const auto entries = zip.entries();
  const bool has_arrays =
      std::any_of(entries.begin(), entries.end(), [](const ZipEntry& entry) { return entry.name.ends_with(".npy"); });
  return has_arrays ? ZipKind::arrays : ZipKind::saved;
}

}  // namespace

bool holds_compiled(const ZipDirectory& zip) {
  constexpr std::string_view kFolder = "data/aotinductor/";
  const auto entries = zip.entries();
  return std::any_of(entries.begin(), entries.end(), [&](const ZipEntry& entry) {
    const std::size_t at = entry.name.find(kFolder);
    return at == 0 || (at != std::string_view::npos && entry.name.find('/') == at - 1);
  });
}

std::optional<std::string> folder_of(const ZipDirectory& zip, std::string_view name) {
  std::optional<std::string> found;
  for (const ZipEntry& entry : zip.entries()) {
    if (!entry.name.ends_with(name)) continue;
    const std::string_view folder = entry.name.substr(0, entry.name.size() - name.size());
    if (!folder.empty() && folder.find('/') != folder.size() - 1) continue;
    if (found) return std::nullopt;
    found = folder;
  }
  return found;
}

std::string_view Glance::head() {
  if (!std::exchange(is_head_read_, true)) {
    head_size_ = static_cast<std::size_t>(std::min<std::uint64_t>(source_.size(), head_.size()));
    source_.read(0, std::span(head_.data(), head_size_));
  }
  return {head_.data(), head_size_};
}

ZipKind Glance::zip_kind() {
  if (!zip_kind_) zip_kind_ = find_zip_kind();
  return *zip_kind_;
}

ZipKind Glance::find_zip_kind() {
  if (!is_zip()) return ZipKind::none;
  if (is_surely_saved()) return ZipKind::saved;
  try {
    const Limits limits;
    return kind_of(ZipDirectory(source_, limits));
  } catch (const Error&) {
    return ZipKind::saved;
  }
}

// torch.save writes its pickle first. So does torch.jit.save where the module has no tensors, being frozen, and then
// the pickle begins with a class of its code. Lenient: it only says which reader is asked, and that one checks
// everything.
bool Glance::is_surely_saved() {
  if (!head().starts_with("PK\3\4") || head().size() < kHeaderSize) return false;
  Cursor cursor(source_.label(), head());
  cursor.skip(26, "header");
  const std::size_t name = cursor.little<std::uint16_t>("name");
  const std::size_t extra = cursor.little<std::uint16_t>("extra");
  if (kHeaderSize + name + extra + kScriptPickle.size() > head().size()) return false;
  if (!head().substr(kHeaderSize, name).ends_with("data.pkl")) return false;
  return !head().substr(kHeaderSize + name + extra).starts_with(kScriptPickle);
}

}  // namespace weigh
