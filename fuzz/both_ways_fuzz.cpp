// A safetensors header and an index of shards: the reader of regular ones tells what that of any JSON tells.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "limits.h"
#include "support/both_ways.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  using namespace weigh::testing;
  ReadOptions options;
  options.limits = fuzz::small_limits();
  options.locations = true;
  std::string_view text(reinterpret_cast<const char*>(data), size);
  if (index_told(text, options.limits) != index_told_by_json(text, options.limits)) __builtin_trap();
  if (size > 8 && text[8] == '{') {  // a file: of it, the header
    std::uint64_t length = 0;
    for (std::size_t i = 8; i-- > 0;) length = length << 8 | data[i];
    text = text.substr(8, static_cast<std::size_t>(length));
  }
  const std::uint64_t end = largest_number(text);
  if (header_told(text, end, options, HeaderWay::fastest) != header_told(text, end, options, HeaderWay::json))
    __builtin_trap();
  return 0;
}
