#include "formats/safetensors/header.h"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"
#include "formats/safetensors/dtypes.h"
#include "formats/safetensors/layout.h"
#include "formats/safetensors/regular.h"
#include "model/roles.h"
#include "model/shapes.h"
#include "wire/json.h"

#include "weigh/error.h"

namespace weigh {
namespace {

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

constexpr std::size_t kMostNotes = 100;

// Reads the header of one file, entry by entry.
class HeaderReader {
 public:
  HeaderReader(Source& source, const ReadOptions& options, json::Parser& parser)
      : label_(source.label()), options_(options), limits_(options.limits), parser_(parser) {
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
    const std::size_t begin = header_.text.view().find_first_not_of(kJsonBlanks);
    if (begin == std::string_view::npos || header_.text.view()[begin] != '{')
      fail(ErrorKind::corrupt, "the header does not begin with '{'");
  }

  // The way of reading is no matter of what is read: where the header is regular, both see the same.
  SafetensorsHeader run(HeaderWay way) && {
    header_.label = label_;
    // A tensor takes 70 bytes of a header or more.
    header_.tensors.reserve(length_ / 70);
    if (way == HeaderWay::json || !read_regular()) read_all();
    if (layout_.has_strays()) keep_the_last();
    layout_.check(header_, data_size_);
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(ErrorKind kind, const std::string& message) const { throw Error(kind, label_, message); }
  [[noreturn]] void fail(std::string_view tensor, const std::string& message) const {
    fail(ErrorKind::corrupt, fmt::format("tensor '{}' {}", tensor.substr(0, 200), message));
  }

  bool read_regular() {
    if (read_regular_entries(header_.text.view(), options_, kLengthSize + length_, header_, layout_)) return true;
    begin_again();
    return false;
  }

  void begin_again() {
    header_.tensors.clear();
    header_.extents.clear();
    header_.offsets.clear();
    header_.metadata.clear();
    header_.notes.clear();
    shapes_.emplace(header_.extents);
    layout_ = {};
  }

  // Of tensors of one name the library keeps the last, and where that lies is then right. They overlap, so this is
  // asked only where not all follow each other.
  void keep_the_last() {
    std::vector<std::string_view> names;
    for (const Tensor& tensor : header_.tensors) names.push_back(tensor.name);
    std::sort(names.begin(), names.end());
    std::map<std::string, std::size_t> repeated;
    for (std::size_t i = 1; i < names.size(); ++i)
      if (names[i] == names[i - 1]) ++repeated[std::string(names[i])];
    if (repeated.empty()) return;
    begin_again();
    for (const auto& [name, times] : repeated) {
      if (header_.notes.size() >= kMostNotes) break;
      header_.notes.push_back({"repeated-name", name.substr(0, 200),
                               fmt::format("stands {} times in the header; the last counts, as it does for the library "
                                           "safetensors. Other readers may take another",
                                           times + 1)});
    }
    left_out_ = std::move(repeated);
    read_all();
  }

  bool is_left_out(std::string_view name) {
    if (left_out_.empty()) return false;
    const auto found = left_out_.find(std::string(name));
    if (found == left_out_.end() || found->second == 0) return false;
    --found->second;
    return true;
  }

  void read_all() {
    json::Document document(parser_, header_.text, label_, kLengthSize);
    Entry entry;
    bool has_metadata = false;
    document.for_each_member([&](std::string_view name, json::Value& value) {
      if (!document.is_in_text(name)) name = header_.escaped.emplace_front(name);
      entry.name = name;
      if (entry.name.size() > limits_.name_bytes)
        fail(ErrorKind::limit, fmt::format("a name has {} bytes, more than {} (limit name_bytes)", entry.name.size(),
                                           limits_.name_bytes));
      if (entry.name == "__metadata__") {
        if (std::exchange(has_metadata, true)) fail(ErrorKind::corrupt, "the header has '__metadata__' twice");
        if (std::string_view(value.raw_json_token()).starts_with("null")) return;
        document.each(value.get_object().value(), [&](std::string_view key, json::Value text) {
          header_.metadata.emplace_back(key, text.get_string().value());
        });
        return;
      }
      read_entry(document, value, entry);
      if (!is_left_out(entry.name)) add(entry);
    });
  }

  void add(const Entry& entry) {
    check_size(entry);
    layout_.place(entry.begin, entry.end, header_.tensors.size());
    if (options_.locations) header_.offsets.push_back(kLengthSize + length_ + entry.begin);
    Tensor& tensor = header_.tensors.emplace_back();
    tensor.name = entry.name;
    tensor.stored_bytes = entry.end - entry.begin;
    tensor.dtype = entry.dtype;
    tensor.first_extent = shapes_->keep(entry.shape);
    tensor.rank = static_cast<std::uint8_t>(entry.shape.size());
    infer_role(entry.name.substr(entry.name.rfind('.') + 1), tensor.dtype, entry.shape).give_to(tensor);
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
    const std::optional<std::uint64_t> needed = needed_bits(entry.dtype, entry.shape);
    if (!needed) fail(entry.name, "has more elements than 64 bits count");
    if (*needed % 8 != 0)
      fail(entry.name,
           fmt::format("needs {} bits by its shape and dtype {}, which do not fill bytes", *needed, entry.dtype_name));
    if (*needed / 8 != entry.end - entry.begin) {
      fail(entry.name, fmt::format("needs {} bytes by its shape and dtype {}, its data_offsets give it {}", *needed / 8,
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
    entry.dtype = safetensors_dtype(entry.dtype_name);
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

  const std::string& label_;
  const ReadOptions& options_;
  const Limits& limits_;
  std::uint64_t length_ = 0;
  std::uint64_t data_size_ = 0;
  json::Parser& parser_;
  SafetensorsHeader header_;
  std::optional<Shapes> shapes_{header_.extents};
  SafetensorsLayout layout_;
  std::map<std::string, std::size_t> left_out_;  // names, and how many tensors of each are not the last
};

}  // namespace

SafetensorsHeader read_safetensors_header(Source& source, const ReadOptions& options, json::Parser& parser,
                                          HeaderWay way) {
  return HeaderReader(source, options, parser).run(way);
}

}  // namespace weigh
