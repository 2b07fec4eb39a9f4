#include "formats/safetensors.h"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/cursor.h"
#include "model/roles.h"
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
  std::string_view dtype;
  std::vector<Extent> shape;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

// Reads the header of one file, entry by entry.
class Header {
 public:
  Header(Source& source, const Limits& limits) : label_(source.label()), limits_(limits) {
    if (source.size() < kLengthSize)
      fail(ErrorKind::truncated,
           fmt::format("has {} bytes; a safetensors file begins with 8 that tell its header's length", source.size()));
    const std::string head = source.read(0, kLengthSize);
    length_ = Cursor(label_, head).little<std::uint64_t>("the header's length");
    if (length_ > limits.json_header_bytes)
      fail(ErrorKind::limit,
           fmt::format("the header is said to have {} bytes, more than {}", length_, limits.json_header_bytes));
    if (!fits(kLengthSize, length_, source.size())) {
      fail(ErrorKind::truncated, fmt::format("the header needs {} bytes, {} are left; is the download incomplete?",
                                             length_, source.size() - kLengthSize));
    }
    data_size_ = source.size() - kLengthSize - length_;
    text_ = json::Text(source, kLengthSize, length_);
    if (!text_.view().starts_with('{')) fail(ErrorKind::corrupt, "the header does not begin with '{'");
  }

  std::uint64_t data_size() const { return data_size_; }
  // The header's text, which the names view, to be kept.
  std::unique_ptr<char[]> take_text() { return std::move(text_).release(); }

  [[noreturn]] void fail(ErrorKind kind, const std::string& message) const { throw Error(kind, label_, message); }
  [[noreturn]] void fail(std::string_view tensor, const std::string& message) const {
    fail(ErrorKind::corrupt, fmt::format("tensor '{}' {}", tensor.substr(0, 200), message));
  }

  // Calls add(entry) for each tensor and metadata(key, value) for each member of __metadata__. `keep` gives text that
  // is not in the header (it was escaped) a life of its own.
  template <class Keep, class Add, class Metadata>
  void for_each(json::Parser& parser, Keep&& keep, Add&& add, Metadata&& metadata) {
    json::Document document(parser, label_, text_, kLengthSize);
    Entry entry;
    document.for_each_member([&](std::string_view name, json::Value value) {
      entry.name = document.is_in_text(name) ? name : keep(name);
      if (entry.name.size() > limits_.name_bytes)
        fail(ErrorKind::limit, fmt::format("a name has {} bytes, more than {} (limit name_bytes)", entry.name.size(),
                                           limits_.name_bytes));
      if (entry.name == "__metadata__") {
        document.each(value.get_object().value(), [&](std::string_view key, json::Value text) {
          std::string_view kept_key = document.is_in_text(key) ? key : keep(key);
          metadata(kept_key, keep(text.get_string().value()));
        });
        return;
      }
      read_entry(document, value, entry);
      add(std::as_const(entry));
    });
  }

 private:
  void read_entry(json::Document& document, json::Value value, Entry& entry) {
    bool has_dtype = false;
    bool has_shape = false;
    bool has_offsets = false;
    auto once = [&](bool& had, std::string_view key) {
      if (std::exchange(had, true)) fail(entry.name, fmt::format("has '{}' twice", key));
    };
    document.each(value.get_object().value(), [&](std::string_view key, json::Value member) {
      if (key == "dtype") {
        once(has_dtype, key);
        entry.dtype = member.get_string().value();
      } else if (key == "shape") {
        once(has_shape, key);
        read_shape(member, entry);
      } else if (key == "data_offsets") {
        once(has_offsets, key);
        read_offsets(member, entry);
      }
    });
    for (auto [had, key] :
         {std::pair(has_dtype, "dtype"), std::pair(has_shape, "shape"), std::pair(has_offsets, "data_offsets")})
      if (!had) fail(entry.name, fmt::format("has no '{}'", key));
  }

  void read_shape(json::Value member, Entry& entry) const {
    entry.shape.clear();
    for (auto item : member.get_array().value()) {
      if (entry.shape.size() >= limits_.dimensions)
        fail(entry.name, fmt::format("has more than {} dimensions (limit dimensions)", limits_.dimensions));
      const std::uint64_t size = item.get_uint64().value();
      if (size > Extent::kMax) fail(entry.name, fmt::format("has the extent {}, which no tensor has", size));
      entry.shape.emplace_back(size);
    }
  }

  void read_offsets(json::Value member, Entry& entry) const {
    std::uint64_t offsets[2] = {0, 0};
    std::size_t count = 0;
    for (auto item : member.get_array().value()) {
      if (count == 2) fail(entry.name, "has more than two data_offsets");
      offsets[count++] = item.get_uint64().value();
    }
    if (count != 2) fail(entry.name, fmt::format("has {} data_offsets, needs two", count));
    entry.begin = offsets[0];
    entry.end = offsets[1];
    if (entry.begin > entry.end)
      fail(entry.name, fmt::format("begins at {} and ends at {}, before that", entry.begin, entry.end));
  }

  std::string label_;
  const Limits& limits_;
  std::uint64_t length_ = 0;
  std::uint64_t data_size_ = 0;
  json::Text text_;
};

std::optional<DType> dtype_of(std::string_view name) {
  auto found = std::find_if(kDTypes.begin(), kDTypes.end(), [&](const auto& row) { return row.first == name; });
  if (found == kDTypes.end()) return std::nullopt;
  return found->second;
}

// Bytes that the shape and dtype need; nothing where 64 bits do not count them.
std::optional<std::uint64_t> needed_bytes(const Entry& entry, DType dtype) {
  std::optional<std::uint64_t> bits_needed = bits(dtype);
  for (Extent extent : entry.shape) bits_needed = bits_needed ? checked_mul(*bits_needed, extent.size()) : std::nullopt;
  if (bits_needed) return *bits_needed / 8 + (*bits_needed % 8 != 0);
  return std::nullopt;
}

// The ranges cover [0, data_size) exactly. Writers list tensors in the order of their bytes, so there is nothing to
// sort.
template <class Range>
void check_layout(const Header& header, std::vector<Range>& ranges, const Model& model) {
  auto by_begin = [](const Range& a, const Range& b) { return std::pair(a.begin, a.end) < std::pair(b.begin, b.end); };
  if (!std::is_sorted(ranges.begin(), ranges.end(), by_begin)) std::sort(ranges.begin(), ranges.end(), by_begin);
  std::uint64_t end = 0;
  for (const Range& range : ranges) {
    if (range.begin != end) {
      header.fail(model.tensors[range.tensor].path,
                  fmt::format("begins at {}, the one before it ends at {}; tensors may not overlap or leave holes",
                              range.begin, end));
    }
    end = range.end;
  }
  if (end > header.data_size()) {
    header.fail(
        ErrorKind::truncated,
        fmt::format("its tensors need {} bytes, {} are there; is the download incomplete?", end, header.data_size()));
  }
  if (end < header.data_size())
    header.fail(ErrorKind::corrupt,
                fmt::format("{} bytes follow the last tensor, which ends at {}", header.data_size() - end, end));
}

}  // namespace

bool matches_safetensors(Source& source) {
  if (source.size() <= kLengthSize) return false;
  const std::string head = source.read(0, kLengthSize + 1);
  // A length whose bytes are all text would be larger than any file: then this is text with a brace in it.
  const bool is_text =
      std::all_of(head.begin(), head.end(), [](char c) { return c == '\n' || c == '\t' || (c >= ' ' && c <= '~'); });
  return head[kLengthSize] == '{' && !is_text;
}

NameSet SafetensorsReader::add(Source& source) {
  Header header(source, limits_);
  NameSet names;
  std::vector<Range> ranges;
  auto keep = [&](std::string_view text) { return model_.keep(text); };
  auto add_tensor = [&](const Entry& entry) {
    Tensor tensor;
    tensor.path = entry.name;
    const std::optional<DType> dtype = dtype_of(entry.dtype);
    tensor.stored_bytes = entry.end - entry.begin;
    if (dtype) {
      tensor.dtype = *dtype;
      const std::optional<std::uint64_t> needed = needed_bytes(entry, *dtype);
      if (!needed) header.fail(entry.name, "has more elements than 64 bits count");
      if (*needed != tensor.stored_bytes) {
        header.fail(entry.name, fmt::format("needs {} bytes by its shape and dtype {}, its data_offsets give it {}",
                                            *needed, entry.dtype, tensor.stored_bytes));
      }
    } else {
      model_.notes.push_back(
          {"unknown-dtype", std::string(entry.name.substr(0, 200)),
           fmt::format("has the dtype '{}', which this program does not know; its bytes are counted as they lie",
                       entry.dtype.substr(0, 40))});
    }
    tensor.role = infer_role(entry.name.substr(entry.name.rfind('.') + 1), tensor.dtype, entry.shape);
    const Index module = builder_.module_of(entry.name);
    if (Index other = builder_.find_in_module(entry.name, module); other != kNone) {
      const bool is_in_this_file = !ranges.empty() && other >= ranges.front().tensor;
      if (is_in_this_file)
        header.fail(entry.name, "stands twice in the header; which one counts depends on the reader");
      model_.notes.push_back({"duplicate-tensor", std::string(entry.name),
                              fmt::format("is in {} and in a file before it; it is counted once", source.label())});
      tensor.tied_to = other;
    }
    names.add(entry.name);
    tensor.module = module;
    const Index index = builder_.add_to_module(tensor, entry.shape);
    ranges.push_back({entry.begin, entry.end, index});
  };
  header.for_each(parser_, keep, add_tensor,
                  [&](std::string_view key, std::string_view value) { recorded_.emplace_back(key, value); });
  check_layout(header, ranges, model_);
  model_.adopt(header.take_text());
  return names;
}

Index SafetensorsReader::add_name_only(std::string_view name) {
  Tensor tensor;
  tensor.path = name;
  tensor.rank = Tensor::kUnknownRank;
  tensor.role = infer_role(name.substr(name.rfind('.') + 1), DType::unknown, {});
  tensor.state = State::missing;
  return builder_.add_by_path(tensor, {});
}

void SafetensorsReader::finish() {
  for (auto [key, value] : recorded_) {
    if (find(value) != kNone && find(key) == kNone) {
      add_tie(key, value);
    } else if (model_.metadata.size() < 64) {
      model_.metadata.emplace_back(key, value.substr(0, 200));
    }
  }
  std::sort(model_.metadata.begin(), model_.metadata.end());
  model_.metadata.erase(std::unique(model_.metadata.begin(), model_.metadata.end()), model_.metadata.end());
  builder_.sort_siblings();
}

// safetensors.torch.save_model writes tied tensors once, and into __metadata__ "the dropped name": "the kept name".
void SafetensorsReader::add_tie(std::string_view name, std::string_view kept) {
  Tensor tensor;
  tensor.path = name;
  tensor.tied_to = find(kept);
  const Tensor& original = model_.tensors[tensor.tied_to];
  std::vector<Extent> shape;
  if (original.rank_known()) shape.assign(model_.shape_begin(original), model_.shape_end(original));
  tensor.rank = original.rank;
  builder_.add_by_path(tensor, shape);
}

void read_safetensors(Source& source, const ReadOptions& options, Model& model) {
  model.format = "safetensors";
  SafetensorsReader reader(model, options.limits);
  reader.add(source);
  reader.finish();
}

}  // namespace weigh
