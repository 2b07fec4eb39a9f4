// A zip directory, and every small record of it.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bytes/source.h"
#include "limits.h"
#include "wire/zip.h"

#include "weigh/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto source = memory_source("fuzz", bytes);
  const Limits limits = fuzz::small_limits();
  try {
    const ZipDirectory zip(*source, limits);
    std::size_t inflated = 0;
    for (const ZipEntry& entry : zip.entries()) {
      if (zip.find(entry.name) != &entry) __builtin_trap();
      if ((inflated += entry.size) > limits.inflated_bytes) break;
      if (zip.read(entry).size() != entry.size) __builtin_trap();
    }
  } catch (const Error&) {
  }
  return 0;
}
