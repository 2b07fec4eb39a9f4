// An exported program.
#include "formats/pt2/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weigh::fuzz::read_as(weigh::matches_pt2, weigh::read_pt2, data, size);
  return 0;
}
