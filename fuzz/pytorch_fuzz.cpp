// A PyTorch file in any of its forms. Bytes that begin as a pickle are dressed as the archive that would hold them,
// with a few storages, so that the fuzzer need not invent offsets and checksums.
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "bytes/source.h"
#include "formats/pytorch/format.h"
#include "limits.h"

#include "weigh/error.h"

namespace {

std::string little(std::uint64_t value, std::size_t bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i, value >>= 8) text += static_cast<char>(value);
  return text;
}

// A stored entry's common fields: flags, method, time, checksum (0: none), sizes, length of the name.
std::string fields(std::string_view name, std::size_t size) {
  return little(0, 2) + little(0, 2) + little(0, 4) + little(0, 4) + little(size, 4) + little(size, 4) +
         little(name.size(), 2) + little(0, 2);
}

std::string dressed(std::string_view pickle) {
  const std::string storage(256, '\0');
  const std::array<std::pair<std::string_view, std::string_view>, 5> entries = {{{"a/data.pkl", pickle},
                                                                                 {"a/data/0", storage},
                                                                                 {"a/data/1", storage},
                                                                                 {"a/data/2", storage},
                                                                                 {"a/version", "3\n"}}};
  std::string archive;
  std::string directory;
  for (const auto& [name, bytes] : entries) {
    directory += "PK\1\2" + little(0, 4) + fields(name, bytes.size()) + little(0, 10) + little(archive.size(), 4);
    directory += name;
    archive += "PK\3\4" + little(0, 2) + fields(name, bytes.size());
    archive.append(name).append(bytes);
  }
  const std::string end = "PK\5\6" + little(0, 4) + little(entries.size(), 2) + little(entries.size(), 2) +
                          little(directory.size(), 4) + little(archive.size(), 4) + little(0, 2);
  return archive + directory + end;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  std::string bytes(reinterpret_cast<const char*>(data), size);
  const bool is_legacy = size > 12 && bytes[2] == '\x8a';
  if (bytes.starts_with('\x80') && !is_legacy) bytes = dressed(bytes);
  const auto source = memory_source("fuzz", bytes);
  ReadOptions options;
  options.limits = fuzz::small_limits();
  try {
    Model model;
    if (Glance glance(*source); matches_pytorch(glance)) read_pytorch(*source, options, model);
  } catch (const Error&) {
  }
  return 0;
}
