// An ONNX model.
#include "formats/onnx/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weigh::fuzz::read_as(weigh::matches_onnx, weigh::read_onnx, data, size);
  return 0;
}
