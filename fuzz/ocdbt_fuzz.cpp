// Databases of OCDBT: the bytes as the file of a manifest and of a node; then, in envelopes with the checksums that
// they need, as the body of a manifest, of a leaf, and of a node above a leaf, the first byte telling where one ends
// and the other begins.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bytes/folder.h"
#include "limits.h"
#include "support/ocdbt.h"
#include "wire/ocdbt.h"

#include "weigh/error.h"

namespace {

using namespace weigh;
using testing::kOcdbtManifest;
using testing::kOcdbtNode;
using testing::ocdbt_envelope;

void find(const std::string& manifest, const std::string& data) {
  const auto folder = memory_folder("fuzz", {{std::string(Ocdbt::kManifest), manifest}, {"d", data}});
  const Limits limits = fuzz::small_limits();
  try {
    Ocdbt(*folder, limits).find({"", "a", "layers.0.bias/.zarray", "layers.9.kernel/.zarray"});
  } catch (const Error&) {
  }
}

std::string manifest_of(const testing::OcdbtRoot& root) {
  return ocdbt_envelope(kOcdbtManifest, testing::ocdbt_manifest(root, testing::ocdbt_files("d")));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  find(bytes, bytes);
  find(manifest_of({0, 0, 0, size}), bytes);
  find(ocdbt_envelope(kOcdbtManifest, bytes), bytes);
  const std::string leaf = ocdbt_envelope(kOcdbtNode, bytes);
  find(manifest_of({0, 0, 0, leaf.size()}), leaf);
  if (size == 0) return 0;
  const std::size_t end = 1 + (size - 1) * data[0] / 255;
  const std::string above = ocdbt_envelope(kOcdbtNode, bytes.substr(1, end - 1));
  find(manifest_of({1, 0, 0, above.size()}), above + ocdbt_envelope(kOcdbtNode, bytes.substr(end)));
  return 0;
}
