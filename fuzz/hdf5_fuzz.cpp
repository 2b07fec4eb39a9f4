// The structure of an HDF5 file: every object, link and text that can be reached.
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "bytes/source.h"
#include "limits.h"
#include "wire/hdf5.h"

#include "weigh/error.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  const auto source = memory_source("fuzz", {reinterpret_cast<const char*>(data), size});
  const Limits limits = fuzz::small_limits();
  try {
    hdf5::File file(*source, limits);
    std::vector<std::uint64_t> open = {file.root()};
    while (!open.empty()) {
      const std::uint64_t address = open.back();
      open.pop_back();
      if (file.is_known(address)) continue;
      const hdf5::Object object = file.open(address);
      for (const hdf5::Attribute& attribute : object.attributes) file.texts(attribute);
      for (const hdf5::Link& link : file.links(object)) open.push_back(link.target);
    }
  } catch (const Error&) {
  }
  return 0;
}
