// A GGUF file, alone and as a part of a split model.
#include <cstddef>
#include <cstdint>
#include <string>

#include "bytes/folder.h"
#include "limits.h"

#include "weigh/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadOptions options;
  options.limits = fuzz::small_limits();
  for (const char* name : {"m.gguf", "m-00001-of-00002.gguf"}) {
    try {
      read(*memory_folder("", {{name, bytes}}), "", options);
    } catch (const Error&) {
    }
  }
  return 0;
}
