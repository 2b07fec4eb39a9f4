#include "formats/gguf/header.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <optional>
#include <string_view>
#include <unordered_set>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"
#include "formats/gguf/stream.h"

#include "weigh/error.h"

namespace weigh {
namespace {

enum class Value : std::uint32_t { u8, i8, u16, i16, u32, i32, f32, boolean, string, array, u64, i64, f64 };

constexpr std::array<std::uint8_t, 13> kValueBytes = {1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8};
constexpr std::uint64_t kDefaultAlignment = 32;

constexpr std::size_t kMostNumbers = 1'000;
constexpr std::uint64_t kMostLayers = 4'096;

// By ggml's number. Those that ggml has removed since are unknown, but for the repacked ones: these are Q4_0 and IQ4_NL
// with blocks of several rows interleaved.
constexpr std::array kDTypes = {
    DType::float32, DType::float16, DType::q4_0,     DType::q4_1,   DType::unknown, DType::unknown, DType::q5_0,
    DType::q5_1,    DType::q8_0,    DType::q8_1,     DType::q2_k,   DType::q3_k,    DType::q4_k,    DType::q5_k,
    DType::q6_k,    DType::q8_k,    DType::iq2_xxs,  DType::iq2_xs, DType::iq3_xxs, DType::iq1_s,   DType::iq4_nl,
    DType::iq3_s,   DType::iq2_s,   DType::iq4_xs,   DType::int8,   DType::int16,   DType::int32,   DType::int64,
    DType::float64, DType::iq1_m,   DType::bfloat16, DType::q4_0,   DType::q4_0,    DType::q4_0,    DType::tq1_0,
    DType::tq2_0,   DType::iq4_nl,  DType::iq4_nl,   DType::iq4_nl, DType::mxfp4,   DType::nvfp4,   DType::q1_0,
};

class Reader {
 public:
  Reader(Source& source, const Limits& limits, bool whole) : in_(source, limits), limits_(limits), whole_(whole) {}

  GgufHeader read() {
    header_.label = in_.source().label();
    in_.skip(4, "the magic number");
    read_version();
    const std::uint64_t tensors = length("the number of tensors");
    const std::uint64_t facts = length("the number of facts");
    if (tensors > limits_.tensors) fail_limit("tensors", tensors, limits_.tensors, "tensors");
    if (facts > limits_.gguf_facts) fail_limit("facts", facts, limits_.gguf_facts, "gguf_facts");
    in_.expect(facts, width() + 4 + 1, "the facts");
    for (std::uint64_t i = 0; i < facts; ++i) read_fact();
    in_.expect(tensors, width() + 4 + 4 + 8, "the tensors");
    for (std::uint64_t i = 0; i < tensors; ++i) read_tensor();
    place_tensors();
    return std::move(header_);
  }

 private:
  [[noreturn]] void fail(std::string message) const {
    throw Error(ErrorKind::corrupt, header_.label, std::move(message), in_.offset());
  }
  [[noreturn]] void fail_limit(const char* what, std::uint64_t count, std::uint64_t most, const char* limit) const {
    throw Error(ErrorKind::limit, header_.label,
                fmt::format("is said to have {} {}, more than {} (limit {})", count, what, most, limit));
  }

  std::uint64_t width() const { return header_.version == 1 ? 4 : 8; }
  std::uint64_t length(const char* what) {
    return header_.version == 1 ? in_.number<std::uint32_t>(what) : in_.number<std::uint64_t>(what);
  }
  std::string name(const char* what) {
    const std::uint64_t bytes = length(what);
    in_.expect(bytes, 1, "the bytes of a name");
    if (bytes > limits_.name_bytes) fail_limit("bytes in a name", bytes, limits_.name_bytes, "name_bytes");
    return in_.text(bytes, bytes, what);
  }

  void read_version() {
    auto version = in_.number<std::uint32_t>("the version");
    if (version != 0 && (version & 0xFFFF) == 0) {
      header_.is_big_endian = true;
      in_.be_big_endian();
      version = __builtin_bswap32(version);
      header_.metadata.emplace_back("byteorder", "big");
    }
    if (version < 1 || version > 3) {
      throw Error(ErrorKind::unsupported, header_.label,
                  fmt::format("is GGUF version {}; versions 1 to 3 can be read", version));
    }
    header_.version = version;
  }

  void read_fact() {
    std::string key = name("a key");
    if (key.empty()) fail("a fact has an empty key");
    if (!keys_.insert(key).second) fail(fmt::format("the key '{}' stands twice", key.substr(0, kShownText)));
    const auto type = in_.number<std::uint32_t>("the type of a fact");
    if (type == static_cast<std::uint32_t>(Value::array)) {
      const std::uint64_t count = read_array(key);
      keep(std::move(key), fmt::format("[{}]", count));
    } else if (type == static_cast<std::uint32_t>(Value::string)) {
      const std::uint64_t bytes = length("a text");
      std::string text = in_.text(bytes, whole_ ? bytes : kShownText, "a text");
      if (key == "general.architecture") header_.architecture = text.substr(0, kShownText);
      if (key == "general.type") header_.type = text.substr(0, kShownText);
      keep(std::move(key), std::move(text));
    } else {
      read_number(std::move(key), type);
    }
  }

  void read_number(std::string key, std::uint32_t type) {
    switch (static_cast<Value>(type)) {
      case Value::u8: return whole_number(std::move(key), in_.number<std::uint8_t>("a fact"));
      case Value::u16: return whole_number(std::move(key), in_.number<std::uint16_t>("a fact"));
      case Value::u32: return whole_number(std::move(key), in_.number<std::uint32_t>("a fact"));
      case Value::u64: return whole_number(std::move(key), in_.number<std::uint64_t>("a fact"));
      case Value::i8: return signed_number(std::move(key), in_.number<std::int8_t>("a fact"));
      case Value::i16: return signed_number(std::move(key), in_.number<std::int16_t>("a fact"));
      case Value::i32: return signed_number(std::move(key), in_.number<std::int32_t>("a fact"));
      case Value::i64: return signed_number(std::move(key), in_.number<std::int64_t>("a fact"));
      case Value::f32: return keep(std::move(key), fmt::format("{}", in_.number<float>("a fact")));
      case Value::f64: return keep(std::move(key), fmt::format("{}", in_.number<double>("a fact")));
      case Value::boolean: {
        const bool truth = in_.number<std::uint8_t>("a fact") != 0;
        remember(key, {truth ? 1U : 0U});
        return keep(std::move(key), truth ? "true" : "false");
      }
      default: fail_type(key, type);
    }
  }

  [[noreturn]] void fail_type(std::string_view key, std::uint32_t type) const {
    fail(fmt::format("the fact '{}' is of type {}; 0 to 12 are known", key.substr(0, kShownText), type));
  }

  void signed_number(std::string key, std::int64_t number) {
    if (number >= 0) return whole_number(std::move(key), static_cast<std::uint64_t>(number));
    keep(std::move(key), fmt::format("{}", number));
  }

  void whole_number(std::string key, std::uint64_t number) {
    if (key == "general.file_type") header_.file_type = number;
    if (key == "split.count") header_.split_count = number;
    if (key == "split.no") header_.split_number = number;
    if (key == "split.tensors.count") header_.split_tensors = number;
    if (key == "general.alignment") {
      // Larger ones would be legal, but no machine asks for more than a huge page.
      if (number == 0 || (number & (number - 1)) != 0 || number > limits_.gguf_alignment)
        fail(
            fmt::format("general.alignment is {}; it must be a power of two up to {}", number, limits_.gguf_alignment));
      alignment_ = number;
    }
    remember(key, {number});
    keep(std::move(key), fmt::format("{}", number));
  }

  // Those of the model itself, of which there are some dozens.
  void remember(const std::string& key, std::vector<std::uint64_t> numbers) {
    if (header_.numbers.size() < kMostNumbers && !key.starts_with("tokenizer."))
      header_.numbers[key] = std::move(numbers);
  }

  // Of the split facts each part has its own.
  void keep(std::string key, std::string value) {
    if (key.starts_with("split.")) return;
    if (whole_ || header_.metadata.size() < 64) header_.metadata.emplace_back(std::move(key), std::move(value));
  }

  std::uint64_t read_array(const std::string& key) {
    const std::uint64_t count = skip_array(key, 0);
    if (!numbers_.empty()) remember(key, std::move(numbers_));
    numbers_.clear();
    return count;
  }

  // One whole number of a list of some; nothing of another type.
  std::optional<std::uint64_t> element(Value value) {
    const auto positive = [](std::int64_t number) { return number < 0 ? 0 : static_cast<std::uint64_t>(number); };
    switch (value) {
      case Value::boolean:
      case Value::u8: return in_.number<std::uint8_t>("an array");
      case Value::u16: return in_.number<std::uint16_t>("an array");
      case Value::u32: return in_.number<std::uint32_t>("an array");
      case Value::u64: return in_.number<std::uint64_t>("an array");
      case Value::i8: return positive(in_.number<std::int8_t>("an array"));
      case Value::i16: return positive(in_.number<std::int16_t>("an array"));
      case Value::i32: return positive(in_.number<std::int32_t>("an array"));
      case Value::i64: return positive(in_.number<std::int64_t>("an array"));
      default: return std::nullopt;
    }
  }

  // The number of its elements.
  std::uint64_t skip_array(std::string_view key, std::uint32_t depth) {
    if (depth >= limits_.gguf_array_depth) {
      throw Error(ErrorKind::limit, header_.label,
                  fmt::format("the fact '{}' holds arrays more than {} deep (limit gguf_array_depth)",
                              key.substr(0, kShownText), limits_.gguf_array_depth));
    }
    const auto type = in_.number<std::uint32_t>("the type of an array");
    const std::uint64_t count = length("the length of an array");
    if (type >= kValueBytes.size()) fail_type(key, type);
    const auto value = static_cast<Value>(type);
    const std::uint64_t each = value == Value::string  ? width()
                               : value == Value::array ? width() + 4
                                                       : kValueBytes[type];
    in_.expect(count, each, "the elements of an array");
    if (value == Value::string) {
      for (std::uint64_t i = 0; i < count; ++i) in_.skip(length("a text"), "a text");
    } else if (value == Value::array) {
      for (std::uint64_t i = 0; i < count; ++i) skip_array(key, depth + 1);
    } else if (depth == 0 && count <= kMostLayers && value != Value::f32 && value != Value::f64) {
      for (std::uint64_t i = 0; i < count; ++i) numbers_.push_back(element(value).value_or(0));
    } else {
      in_.skip(count * each, "an array");
    }
    return count;
  }

  void read_tensor() {
    GgufTensor tensor;
    tensor.name = name("the name of a tensor");
    const std::string shown = tensor.name.substr(0, kShownText);
    if (tensor.name.empty()) fail("a tensor has an empty name");
    const auto rank = in_.number<std::uint32_t>("the rank of a tensor");
    if (rank > 4) fail(fmt::format("tensor '{}' has {} dimensions; ggml knows 4 at most", shown, rank));
    std::uint64_t elements = 1;
    for (std::uint32_t i = 0; i < rank; ++i) {
      const std::uint64_t extent = length("the shape of a tensor");
      const auto product = checked_mul(elements, extent);
      if (extent > Extent::kMax || !product || *product > Extent::kMax)
        fail(fmt::format("the shape of tensor '{}' has more than 2^63 elements", shown));
      elements = *product;
      tensor.shape.emplace_back(extent);
    }
    const std::uint64_t row = rank == 0 ? 1 : tensor.shape.front().size();
    std::reverse(tensor.shape.begin(), tensor.shape.end());
    const auto type = in_.number<std::uint32_t>("the type of a tensor");
    tensor.offset = in_.number<std::uint64_t>("the offset of a tensor");
    tensor.dtype = type < kDTypes.size() ? kDTypes[type] : DType::unknown;
    measure(tensor, shown, type, row, elements);
    header_.tensors.push_back(std::move(tensor));
  }

  void measure(GgufTensor& tensor, const std::string& shown, std::uint32_t type, std::uint64_t row,
               std::uint64_t elements) {
    if (tensor.dtype == DType::unknown)
      return unknown_.push_back({header_.tensors.size(), type, elements / std::max<std::uint64_t>(row, 1)});
    if ((type >= 31 && type <= 33) || (type >= 36 && type <= 38)) {
      note("repacked", shown,
           fmt::format("is of ggml's type {}, which ggml has removed: {} with rows interleaved", type,
                       weigh::name(tensor.dtype)));
    }
    Block block = block_of(tensor.dtype);
    if (block.elements == 0) block = {1, bits(tensor.dtype) / 8};
    if (row % block.elements != 0) {
      fail(fmt::format("tensor '{}' has rows of {} elements, but {} comes in blocks of {}", shown, row,
                       weigh::name(tensor.dtype), block.elements));
    }
    const auto bytes = checked_mul(elements / block.elements, block.bytes);
    if (!bytes) fail(fmt::format("tensor '{}' has more than 2^64 bytes", shown));
    tensor.bytes = *bytes;
  }

  // A file can be odd in every tensor; a hundred examples tell as much.
  void note(const char* code, const std::string& place, std::string message) {
    if (header_.notes.size() < 100) header_.notes.push_back({code, place, std::move(message)});
  }

  // A type that is not known fills the room up to the next tensor, but for what aligns that: rows take whole bytes.
  void measure_unknown(std::uint64_t data_size) {
    if (unknown_.empty()) return;
    std::vector<std::uint64_t> begins;
    for (const GgufTensor& tensor : header_.tensors) begins.push_back(tensor.offset);
    std::sort(begins.begin(), begins.end());
    for (const UnknownType& one : unknown_) {
      GgufTensor& tensor = header_.tensors[one.tensor];
      const auto next = std::upper_bound(begins.begin(), begins.end(), tensor.offset);
      const std::uint64_t end = std::min(next == begins.end() ? data_size : *next, data_size);
      const std::uint64_t room = end > tensor.offset ? end - tensor.offset : 0;
      tensor.bytes = one.rows == 0 ? 0 : room / one.rows * one.rows;
      note("unknown-dtype", tensor.name.substr(0, kShownText),
           fmt::format("is of ggml's type {}, which is not known; {}", one.type,
                       tensor.bytes == 0 ? "its bytes are not counted"
                                         : fmt::format("it takes {} bytes, up to what follows it", tensor.bytes)));
    }
  }

  // From offsets in the data to those in the file; no two tensors share a byte.
  void place_tensors() {
    const std::uint64_t size = in_.source().size();
    const std::uint64_t data = (in_.offset() + alignment_ - 1) / alignment_ * alignment_;
    measure_unknown(data <= size ? size - data : 0);
    for (GgufTensor& tensor : header_.tensors) {
      if (tensor.offset % alignment_ != 0) {
        fail_tensor(ErrorKind::corrupt, tensor,
                    fmt::format("begins at {} of the data, which is no multiple of the alignment {}", tensor.offset,
                                alignment_));
      }
      const std::uint64_t left = data <= size && tensor.offset <= size - data ? size - data - tensor.offset : 0;
      if (tensor.bytes > left) {
        fail_tensor(ErrorKind::truncated, tensor,
                    fmt::format("needs {} bytes, {} are left; is the download incomplete?", tensor.bytes, left));
      }
      tensor.offset = tensor.bytes == 0 ? 0 : tensor.offset + data;
    }
    check_overlaps();
  }

  void check_overlaps() const {
    const std::vector<GgufTensor>& tensors = header_.tensors;
    std::vector<Index> order(tensors.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](Index a, Index b) { return tensors[a].offset < tensors[b].offset; });
    const GgufTensor* before = nullptr;
    for (Index i : order) {
      const GgufTensor& tensor = tensors[i];
      if (tensor.bytes == 0) continue;
      if (before != nullptr && tensor.offset < before->offset + before->bytes) {
        fail_tensor(ErrorKind::corrupt, tensor,
                    fmt::format("begins at byte {}, but '{}' before it ends at {}", tensor.offset,
                                before->name.substr(0, kShownText), before->offset + before->bytes));
      }
      before = &tensor;
    }
  }

  [[noreturn]] void fail_tensor(ErrorKind kind, const GgufTensor& tensor, const std::string& why) const {
    throw Error(kind, header_.label, fmt::format("tensor '{}' {}", tensor.name.substr(0, kShownText), why));
  }

  GgufStream in_;
  const Limits& limits_;
  const bool whole_;
  GgufHeader header_;
  std::unordered_set<std::string> keys_;
  std::vector<std::uint64_t> numbers_;  // of the array that is being read
  std::uint64_t alignment_ = kDefaultAlignment;
  struct UnknownType {
    std::size_t tensor;
    std::uint32_t type;
    std::uint64_t rows;
  };
  std::vector<UnknownType> unknown_;
};

}  // namespace

GgufHeader read_gguf_header(Source& source, const Limits& limits, bool whole) {
  return Reader(source, limits, whole).read();
}

}  // namespace weigh
