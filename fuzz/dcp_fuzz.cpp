// The .metadata of a distributed checkpoint, beside the files that it may name.
#include <cstddef>
#include <cstdint>
#include <string>

#include "bytes/folder.h"
#include "formats/dcp/format.h"
#include "limits.h"

#include "weigh/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  const auto folder = memory_folder("", {{".metadata", bytes}, {"__0_0.distcp", "x"}, {"__1_0.distcp", ""}});
  ReadOptions options;
  options.limits = fuzz::small_limits();
  try {
    Model model;
    read_dcp(*folder, options, model);
  } catch (const Error&) {
  }
  return 0;
}
