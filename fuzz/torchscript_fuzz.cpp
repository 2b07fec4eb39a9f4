// A TorchScript archive, whatever the registry would take it for.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bytes/source.h"
#include "formats/torchscript.h"
#include "limits.h"

#include "weigh/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const auto source = memory_source("fuzz", {reinterpret_cast<const char*>(data), size});
  ReadOptions options;
  options.limits = fuzz::small_limits();
  try {
    matches_torchscript(*source);
    Model model;
    read_torchscript(*source, options, model);
  } catch (const Error&) {
  }
  return 0;
}
