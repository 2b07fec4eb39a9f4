// A msgpack file of Flax, and the same bytes as the tree and an array of a checkpoint of Orbax.
#include <string>

#include "bytes/folder.h"
#include "formats/flax/format.h"
#include "formats/orbax/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  fuzz::read_as(matches_flax, read_flax, data, size);
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadOptions options;
  options.limits = fuzz::small_limits();
  try {
    const auto folder = memory_folder("fuzz", {{"_METADATA", bytes}, {"w/.zarray", bytes}});
    Model model;
    if (matches_orbax(*folder)) read_orbax(*folder, options, model);
  } catch (const Error&) {
  }
  return 0;
}
