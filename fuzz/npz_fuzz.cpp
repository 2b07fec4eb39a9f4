// NumPy: the bytes as an archive, and as the header of an array.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "formats/npz/format.h"
#include "formats/npz/npy_header.h"
#include "one_format.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  fuzz::read_as(matches_npz, read_npz, data, size);
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const Limits limits = fuzz::small_limits();
  try {
    if (npy_header_size("fuzz", bytes.substr(0, kNpyPreamble), limits) <= size) read_npy_header("fuzz", bytes, limits);
  } catch (const Error&) {
  }
  return 0;
}
