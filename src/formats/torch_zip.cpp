#include "formats/torch_zip.h"

#include <algorithm>
#include <string_view>

#include "bytes/cursor.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kHeaderSize = 30;
constexpr std::size_t kLongestName = 512;
constexpr std::string_view kScriptPickle =
    "\x80\x02"
    "c__torch__";  // an instance of a TorchScript class

// torch.save writes its pickle first. So does torch.jit.save where the module has no tensors, being frozen, and then
// the pickle begins with a class of its code. Lenient: it only says which reader is asked, and that one checks
// everything.
bool is_surely_saved(Source& source) {
  if (source.size() < kHeaderSize) return false;
  const std::string fixed = source.read(0, kHeaderSize);
  if (!fixed.starts_with("PK\3\4")) return false;
  Cursor cursor(source.label(), fixed);
  cursor.skip(26, "header");
  const std::size_t name = cursor.little<std::uint16_t>("name");
  const std::size_t extra = cursor.little<std::uint16_t>("extra");
  if (name > kLongestName || source.size() < kHeaderSize + name + extra + kScriptPickle.size()) return false;
  if (!source.read(kHeaderSize, name).ends_with("data.pkl")) return false;
  return source.read(kHeaderSize + name + extra, kScriptPickle.size()) != kScriptPickle;
}

}  // namespace

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

TorchZip torch_zip_kind(Source& source) {
  if (!ZipDirectory::matches(source)) return TorchZip::none;
  if (is_surely_saved(source)) return TorchZip::saved;
  try {
    const Limits limits;
    const ZipDirectory zip(source, limits);
    if (auto folder = folder_of(zip, "data.pkl")) {
      const bool is_script = zip.find(*folder + "constants.pkl") != nullptr;
      return is_script ? TorchZip::script : TorchZip::saved;
    }
    const bool is_exported =
        folder_of(zip, "models/model.json").has_value() || zip.find("serialized_exported_program.json") != nullptr;
    return is_exported ? TorchZip::exported : TorchZip::saved;
  } catch (const Error&) {
    return TorchZip::saved;
  }
}

}  // namespace weigh
