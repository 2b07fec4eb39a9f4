// A Keras archive, or an HDF5 file as a model.
#include "formats/keras/format.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  weigh::fuzz::read_as(weigh::matches_keras, weigh::read_keras, data, size);
  return 0;
}
