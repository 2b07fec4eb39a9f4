#include "replica/shards.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <span>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

namespace weigh::replica {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMostBytesOfShard = 10'000'000'000;
constexpr std::size_t kMostTensorsOfShard = 250'000;  // their header stays below the format's 100 MB

void write_file(const fs::path& path, std::string_view text) {
  std::ofstream stream(path, std::ios::binary);
  stream.write(text.data(), static_cast<std::streamsize>(text.size()));
  if (!stream.flush()) throw std::runtime_error(fmt::format("{} cannot be written", path.string()));
}

unsigned number_of_shards(const Pattern& pattern, std::uint64_t bytes) {
  if (pattern.shards > 0) return pattern.shards;
  return static_cast<unsigned>(
      std::max<std::uint64_t>({1, (bytes + kMostBytesOfShard - 1) / kMostBytesOfShard,
                               (pattern.tensors.size() + kMostTensorsOfShard - 1) / kMostTensorsOfShard}));
}

// A header as the safetensors library writes it: wide types first, then by name, padded with blanks to 8 bytes.
std::string header(std::span<Tensor> tensors) {
  auto width = [](const Tensor& tensor) {
    return tensor.dtype.find("64") != std::string::npos ? 3 : tensor.dtype.find("32") != std::string::npos ? 2 : 1;
  };
  std::sort(tensors.begin(), tensors.end(), [&](const Tensor& a, const Tensor& b) {
    return std::pair(-width(a), std::string_view(a.name)) < std::pair(-width(b), std::string_view(b.name));
  });
  std::string text = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t begin = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t end = begin + tensor.bytes();
    fmt::format_to(std::back_inserter(text), R"(,"{}":{{"dtype":"{}","shape":[{}],"data_offsets":[{},{}]}})",
                   tensor.name, tensor.dtype, fmt::join(tensor.shape, ","), begin, end);
    begin = end;
  }
  text += '}';
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return text;
}

std::string length_prefix(std::uint64_t length) {
  static_assert(std::endian::native == std::endian::little);
  std::string bytes(sizeof(length), '\0');
  std::memcpy(bytes.data(), &length, sizeof(length));
  return bytes;
}

void write_index(const fs::path& path, const std::map<std::string, std::string>& files, std::uint64_t total_size) {
  std::string text =
      fmt::format("{{\n  \"metadata\": {{\n    \"total_size\": {}\n  }},\n  \"weight_map\": {{", total_size);
  for (const auto& [name, file] : files)
    fmt::format_to(std::back_inserter(text), "{}\n    \"{}\": \"{}\"", text.back() == '{' ? "" : ",", name, file);
  write_file(path, text + "\n  }\n}\n");
}

}  // namespace

Written write_shards(Pattern pattern, const std::string& directory, unsigned shards) {
  Written written;
  written.tensors = pattern.tensors.size();
  for (const Tensor& tensor : pattern.tensors) written.payload_bytes += tensor.bytes();
  written.shards = shards > 0 ? shards : number_of_shards(pattern, written.payload_bytes);
  fs::create_directories(directory);

  std::map<std::string, std::string> files;
  std::uint64_t bytes_before = 0;
  auto next = pattern.tensors.begin();
  for (unsigned shard = 1; shard <= written.shards; ++shard) {
    // Cut where the bytes so far reach this shard's part of all.
    const std::uint64_t goal = written.payload_bytes / written.shards * shard;
    const std::uint64_t shard_begins = bytes_before;
    auto first = next;
    for (; next != pattern.tensors.end() && (shard == written.shards || bytes_before < goal); ++next)
      bytes_before += next->bytes();
    const std::string name = written.shards == 1
                                 ? "model.safetensors"
                                 : fmt::format("model-{:05}-of-{:05}.safetensors", shard, written.shards);
    for (auto tensor = first; tensor != next; ++tensor) files.emplace(tensor->name, name);
    const std::string text = header(std::span<Tensor>(first, next));
    const fs::path path = fs::path(directory) / name;
    write_file(path, length_prefix(text.size()) + text);
    fs::resize_file(path, sizeof(std::uint64_t) + text.size() + bytes_before - shard_begins);
    written.header_bytes += text.size();
  }
  if (written.shards > 1)
    write_index(fs::path(directory) / "model.safetensors.index.json", files, written.payload_bytes);
  if (!pattern.config.empty()) write_file(fs::path(directory) / "config.json", pattern.config);
  return written;
}

}  // namespace weigh::replica
