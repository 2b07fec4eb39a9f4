// A TensorFlow Lite file.
#include <cstddef>
#include <cstdint>

#include "formats/tflite/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weigh::fuzz::read_as(weigh::matches_tflite, weigh::read_tflite, data, size);
  return 0;
}
