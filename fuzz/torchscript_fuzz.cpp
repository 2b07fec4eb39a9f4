// A TorchScript archive.
#include "formats/torchscript/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weigh::fuzz::read_as(weigh::matches_torchscript, weigh::read_torchscript, data, size);
  return 0;
}
