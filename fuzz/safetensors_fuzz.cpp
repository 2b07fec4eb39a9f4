// A safetensors file, and an index beside it: the first byte says which of them the rest is.
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "bytes/folder.h"
#include "limits.h"

#include "weigh/read.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const std::string bytes(reinterpret_cast<const char*>(data), size);
  ReadOptions options;
  options.limits = fuzz::small_limits();
  const std::string empty_shard = std::string("\x02\0\0\0\0\0\0\0{}", 10);
  const bool is_index = bytes.find("weight_map") != std::string::npos && bytes.starts_with('{');
  const auto folder =
      is_index ? memory_folder("", {{"model.safetensors.index.json", bytes}, {"a", empty_shard}, {"b", empty_shard}})
               : memory_folder("", {{"model.safetensors", bytes}, {"config.json", bytes}});
  try {
    read(*folder, "", options);
  } catch (const Error&) {
  }
  return 0;
}
