// Whole directories: names and contents of files in turn, a line "=" between them. So are pipelines, checkpoints of
// ranks, indices and their shards, models side by side.
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "bytes/folder.h"
#include "limits.h"

#include "weigh/error.h"
#include "weigh/read.h"

namespace {

constexpr std::string_view kBetween = "\n=\n";
constexpr std::size_t kMostFiles = 32;

std::string take(std::string_view& rest) {
  const std::size_t end = std::min(rest.find(kBetween), rest.size());
  std::string part(rest.substr(0, end));
  rest.remove_prefix(std::min(end + kBetween.size(), rest.size()));
  return part;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace weigh;
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  std::map<std::string, std::string> files;
  while (!rest.empty() && files.size() < kMostFiles) {
    std::string name = take(rest);
    files.emplace(std::move(name), take(rest));
  }
  const auto folder = memory_folder("", std::move(files));
  ReadOptions options;
  options.limits = fuzz::small_limits();
  try {
    read(*folder, "", options);
  } catch (const Error&) {
  }
  try {
    read_each(
        *folder, options, [](const Model&) { return [] {}; }, [](const Error&) {});
  } catch (const Error&) {
  }
  return 0;
}
