// What the two readers of a safetensors header, and of an index of shards, make of one text: both must tell the same.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <span>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "bytes/source.h"
#include "formats/safetensors/header.h"
#include "formats/safetensors/regular.h"
#include "places/sharded_index.h"

namespace weigh::testing {

// A file with this header, and so many bytes of data, which nobody may read.
class HeaderSource final : public Source {
 public:
  HeaderSource(std::string_view header, std::uint64_t data) : Source("m"), bytes_(8, '\0'), data_(data) {
    for (std::size_t i = 0; i < 8; ++i) bytes_[i] = static_cast<char>(std::uint64_t{header.size()} >> (8 * i));
    bytes_ += header;
  }
  std::uint64_t size() const override { return bytes_.size() + data_; }

 private:
  void do_read(std::uint64_t offset, std::span<char> into) override {
    bytes_.copy(into.data(), into.size(), static_cast<std::size_t>(offset));
  }

  std::string bytes_;
  std::uint64_t data_;
};

// The largest number that stands in it: where the data of a header end.
inline std::uint64_t largest_number(std::string_view text) {
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max() / 16;
  std::uint64_t largest = 0;
  std::uint64_t number = 0;
  for (const char c : text) {
    number = c >= '0' && c <= '9' && number < kMost ? number * 10 + static_cast<std::uint64_t>(c - '0') : 0;
    largest = std::max(largest, number);
  }
  return std::min(largest, kMost);
}

inline std::string told(const std::function<std::string()>& read) {
  try {
    return read();
  } catch (const Error& error) {
    return std::string("error: ") + error.what();
  }
}

// All that a header says, line by line, or the error.
inline std::string header_told(std::string_view text, std::uint64_t data, const ReadOptions& options, HeaderWay way) {
  return told([&] {
    HeaderSource source(text, data);
    json::Parser parser;
    const SafetensorsHeader header = read_safetensors_header(source, options, parser, way);
    std::string lines;
    for (std::size_t i = 0; i < header.tensors.size(); ++i) {
      const Tensor& tensor = header.tensors[i];
      lines += fmt::format("{} {} {} {} {}", tensor.name, name(tensor.dtype), tensor.stored_bytes,
                           tensor.role == Role::buffer ? "buffer" : "parameter", name(tensor.role_evidence));
      for (unsigned at = 0; at < tensor.rank; ++at)
        lines += fmt::format(" {}", header.extents[tensor.first_extent + at].size());
      if (options.locations) lines += fmt::format(" at {}", header.offsets[i]);
      lines += '\n';
    }
    for (const auto& [key, value] : header.metadata) lines += fmt::format("{}: {}\n", key, value);
    for (const Note& note : header.notes) lines += note.code + " " + note.place + ": " + note.message + "\n";
    return lines;
  });
}

// Whether the reader of regular headers takes it.
inline bool is_regular_header(std::string_view text) {
  const std::string padded = std::string(text) + std::string(simdjson::SIMDJSON_PADDING, ' ');
  SafetensorsHeader header;
  SafetensorsLayout layout;
  return read_regular_entries(std::string_view(padded).substr(0, text.size()), {}, 0, header, layout);
}

inline std::string index_told(const IndexDigest& digest) {
  std::string lines;
  for (const auto& [file, names] : digest.files) lines += fmt::format("{} {} {}\n", file, names.count, names.sum);
  if (digest.totals.size) lines += fmt::format("total {}\n", *digest.totals.size);
  if (digest.totals.parameters) lines += fmt::format("parameters {}\n", *digest.totals.parameters);
  return lines;
}

inline std::string index_told_by_json(std::string_view text, const Limits& limits) {
  return told([&] { return index_told(digest_json_index(*memory_source("m", text), limits)); });
}
inline std::string index_told(std::string_view text, const Limits& limits) {
  return told([&] { return index_told(digest_index(*memory_source("m", text), limits)); });
}
inline bool is_regular_index(std::string_view text, const Limits& limits) {
  const std::string padded = std::string(text) + std::string(simdjson::SIMDJSON_PADDING, ' ');
  return digest_regular_index(std::string_view(padded).substr(0, text.size()), limits).has_value();
}

}  // namespace weigh::testing
