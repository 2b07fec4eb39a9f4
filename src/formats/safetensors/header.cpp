#include "formats/safetensors/header.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"
#include "model/roles.h"
#include "model/shapes.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kLengthSize = 8;

constexpr std::array<std::pair<std::string_view, DType>, 22> kDTypes = {{
    {"BF16", DType::bfloat16},
    {"F32", DType::float32},
    {"F16", DType::float16},
    {"I32", DType::int32},
    {"F8_E4M3", DType::float8_e4m3fn},
    {"U8", DType::uint8},
    {"I64", DType::int64},
    {"F64", DType::float64},
    {"F8_E5M2", DType::float8_e5m2},
    {"F8_E8M0", DType::float8_e8m0fnu},
    {"F8_E4M3FNUZ", DType::float8_e4m3fnuz},
    {"F8_E5M2FNUZ", DType::float8_e5m2fnuz},
    {"F6_E2M3", DType::float6_e2m3fn},
    {"F6_E3M2", DType::float6_e3m2fn},
    {"F4", DType::float4_e2m1fn},
    {"I8", DType::int8},
    {"I16", DType::int16},
    {"U16", DType::uint16},
    {"U32", DType::uint32},
    {"U64", DType::uint64},
    {"C64", DType::complex64},
    {"BOOL", DType::boolean},
}};

// One member of the header as it stands there.
struct Entry {
  std::string_view name;
  DType dtype = DType::unknown;
  std::string_view dtype_name;
  std::string_view dtype_token;  // as it stands in the text
  std::vector<Extent> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

DType dtype_of(std::string_view name) {
  auto found = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& row) { return row.first == name; });
  return found == kDTypes.end() ? DType::unknown : found->second;
}

// Bytes that the shape and dtype need; nothing where 64 bits do not count them.
std::optional<std::uint64_t> needed_bytes(const Entry& entry) {
  std::uint64_t bits_needed = bits(entry.dtype);
  for (Extent extent : entry.shape)
    if (__builtin_mul_overflow(bits_needed, extent.size(), &bits_needed)) return std::nullopt;
  return bits_needed / 8 + (bits_needed % 8 != 0);
}

constexpr std::size_t kMostNotes = 100;

struct Range {
  std::uint64_t begin, end;
  std::size_t tensor;
};

// Reads the header of one file, entry by entry.
class HeaderReader {
 public:
  HeaderReader(Source& source, const ReadOptions& options, json::Parser& parser)
      : label_(source.label()), limits_(options.limits), with_locations_(options.locations), parser_(parser) {
    if (source.size() < kLengthSize)
      fail(ErrorKind::truncated,
           fmt::format("has {} bytes; a safetensors file begins with 8 that tell its header's length", source.size()));
    const std::string head = source.read(0, kLengthSize);
    length_ = Cursor(label_, head).little<std::uint64_t>("the header's length");
    if (length_ > limits_.json_header_bytes)
      fail(ErrorKind::limit,
           fmt::format("the header is said to have {} bytes, more than {}", length_, limits_.json_header_bytes));
    if (!fits(kLengthSize, length_, source.size())) {
      fail(ErrorKind::truncated, fmt::format("the header needs {} bytes, {} are left; is the download incomplete?",
                                             length_, source.size() - kLengthSize));
    }
    data_size_ = source.size() - kLengthSize - length_;
    header_.text.read(source, kLengthSize, length_);
    if (!header_.text.view().starts_with('{')) fail(ErrorKind::corrupt, "the header does not begin with '{'");
  }

  SafetensorsHeader run() && {
    header_.label = label_;
    // A tensor takes 70 bytes of a header or more.
    header_.tensors.reserve(length_ / 70);
    read_all();
    check_layout();
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, const std::string& message) const { throw Error(kind, label_, message); }
  [[noreturn]] void fail(std::string_view tensor, const std::string& message) const {
    fail(ErrorKind::corrupt, fmt::format("tensor '{}' {}", tensor.substr(0, 200), message));
  }

  void read_all() {
    json::Document document(parser_, header_.text, label_, kLengthSize);
    Entry entry;
    document.for_each_member([&](std::string_view name, json::Value& value) {
      if (!document.is_in_text(name)) name = header_.escaped.emplace_front(name);
      entry.name = name;
      if (entry.name.size() > limits_.name_bytes)
        fail(ErrorKind::limit, fmt::format("a name has {} bytes, more than {} (limit name_bytes)", entry.name.size(),
                                           limits_.name_bytes));
      if (entry.name == "__metadata__") {
        document.each(value.get_object().value(), [&](std::string_view key, json::Value text) {
          header_.metadata.emplace_back(key, text.get_string().value());
        });
        return;
      }
      read_entry(document, value, entry);
      add(entry);
    });
  }

  void add(const Entry& entry) {
    check_size(entry);
    place(entry);
    if (with_locations_) header_.offsets.push_back(kLengthSize + length_ + entry.begin);
    Tensor& tensor = header_.tensors.emplace_back();
    tensor.name = entry.name;
    tensor.stored_bytes = entry.end - entry.begin;
    tensor.dtype = entry.dtype;
    tensor.first_extent = shapes_.keep(entry.shape);
    tensor.rank = static_cast<std::uint8_t>(entry.shape.size());
    tensor.role = infer_role(entry.name.substr(entry.name.rfind('.') + 1), tensor.dtype, entry.shape);
  }

  void check_size(const Entry& entry) {
    if (entry.dtype == DType::unknown) {
      if (header_.notes.size() >= kMostNotes) return;
      header_.notes.push_back(
          {"unknown-dtype", std::string(entry.name.substr(0, 200)),
           fmt::format("has the dtype '{}', which this program does not know; its bytes are counted as they lie",
                       entry.dtype_name.substr(0, 40))});
      return;
    }
    const std::optional<std::uint64_t> needed = needed_bytes(entry);
    if (!needed) fail(entry.name, "has more elements than 64 bits count");
    if (*needed != entry.end - entry.begin) {
      fail(entry.name, fmt::format("needs {} bytes by its shape and dtype {}, its data_offsets give it {}", *needed,
                                   entry.dtype_name, entry.end - entry.begin));
    }
  }

  void read_entry(json::Document& document, json::Value& value, Entry& entry) {
    bool has_dtype = false;
    bool has_shape = false;
    bool has_offsets = false;
    auto once = [&](bool& had, std::string_view key) {
      if (std::exchange(had, true)) fail(entry.name, fmt::format("has '{}' twice", key));
    };
    document.each(value.get_object().value(), [&](json::Key& key, json::Value& member) {
      if (key.is("dtype")) {
        once(has_dtype, "dtype");
        read_dtype(member, entry);
      } else if (key.is("shape")) {
        once(has_shape, "shape");
        read_shape(member, entry);
      } else if (key.is("data_offsets")) {
        once(has_offsets, "data_offsets");
        read_offsets(member, entry);
      }
    });
    for (auto [had, key] :
         {std::pair(has_dtype, "dtype"), std::pair(has_shape, "shape"), std::pair(has_offsets, "data_offsets")})
      if (!had) fail(entry.name, fmt::format("has no '{}'", key));
  }

  // Mostly the same as the last one.
  static void read_dtype(json::Value& member, Entry& entry) {
    const std::string_view token = member.raw_json_token();
    if (token == entry.dtype_token) return;
    entry.dtype_name = member.get_string().value();
    entry.dtype = dtype_of(entry.dtype_name);
    entry.dtype_token = token;
  }

  void read_shape(json::Value& member, Entry& entry) const {
    entry.shape.clear();
    json::Array extents = member.get_array().value();  // named: a range-for would not keep the result alive
    for (auto item : extents) {
      if (entry.shape.size() >= limits_.dimensions)
        fail(entry.name, fmt::format("has more than {} dimensions (limit dimensions)", limits_.dimensions));
      const std::uint64_t size = item.get_uint64().value();
      if (size > Extent::kMax) fail(entry.name, fmt::format("has the extent {}, which no tensor has", size));
      entry.shape.emplace_back(size);
    }
  }

  void read_offsets(json::Value& member, Entry& entry) const {
    std::uint64_t offsets[2] = {0, 0};
    std::size_t count = 0;
    json::Array ends = member.get_array().value();
    for (auto item : ends) {
      if (count == 2) fail(entry.name, "has more than two data_offsets");
      offsets[count++] = item.get_uint64().value();
    }
    if (count != 2) fail(entry.name, fmt::format("has {} data_offsets, needs two", count));
    entry.begin = offsets[0];
    entry.end = offsets[1];
    if (entry.begin > entry.end)
      fail(entry.name, fmt::format("begins at {} and ends at {}, before that", entry.begin, entry.end));
  }

  // Writers list tensors in the order of their bytes. Those that are not are put in their places at the end.
  void place(const Entry& entry) {
    if (entry.begin == end_) {
      end_ = entry.end;
    } else {
      strays_.push_back({entry.begin, entry.end, header_.tensors.size()});
    }
  }

  // Of the tensors that follow each other from byte 0 on. Strays stand in the order of tensors.
  std::vector<std::uint64_t> ends_in_order() const {
    std::vector<std::uint64_t> ends = {0};
    auto stray = strays_.begin();
    for (std::size_t i = 0; i < header_.tensors.size(); ++i) {
      if (stray != strays_.end() && stray->tensor == i) {
        ++stray;
      } else {
        ends.push_back(ends.back() + header_.tensors[i].stored_bytes);
      }
    }
    return ends;
  }

  // The tensors cover [0, data_size) exactly.
  void check_layout() {
    auto by_begin = [](const Range& a, const Range& b) {
      return std::pair(a.begin, a.end) < std::pair(b.begin, b.end);
    };
    const std::vector<std::uint64_t> ends = strays_.empty() ? std::vector<std::uint64_t>() : ends_in_order();
    std::sort(strays_.begin(), strays_.end(), by_begin);
    std::uint64_t end = end_;
    for (const Range& range : strays_) {
      const bool is_empty_between = range.begin == range.end && std::binary_search(ends.begin(), ends.end(), range.end);
      if (is_empty_between) continue;
      if (range.begin != end) {
        fail(header_.tensors[range.tensor].name,
             fmt::format("begins at {}, the one before it ends at {}; tensors may not overlap or leave holes",
                         range.begin, end));
      }
      end = range.end;
    }
    if (end > data_size_) {
      fail(ErrorKind::truncated,
           fmt::format("its tensors need {} bytes, {} are there; is the download incomplete?", end, data_size_));
    }
    if (end < data_size_) {
      fail(ErrorKind::corrupt, fmt::format("{} bytes follow the last tensor, which ends at {}", data_size_ - end, end));
    }
  }

  const std::string& label_;
  const Limits& limits_;
  const bool with_locations_;
  std::uint64_t length_ = 0;
  std::uint64_t data_size_ = 0;
  json::Parser& parser_;
  SafetensorsHeader header_;
  Shapes shapes_{header_.extents};
  std::uint64_t end_ = 0;  // of the tensors that follow each other from byte 0 on
  std::vector<Range> strays_;
};

}  // namespace

SafetensorsHeader read_safetensors_header(Source& source, const ReadOptions& options, json::Parser& parser) {
  return HeaderReader(source, options, parser).run();
}

}  // namespace weigh
