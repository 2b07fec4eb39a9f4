#include "formats/onnx/tensor.h"

#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMostElements = INT64_MAX;

enum Field : std::uint8_t {
  none = 0,
  float_data = 4,
  int32_data = 5,
  string_data = 6,
  int64_data = 7,
  raw_data = 9,
  double_data = 10,
  uint64_data = 11
};

struct Type {
  DType dtype = DType::unknown;
  std::uint8_t bits = 0;  // in raw_data
  Field typed = none;     // the field for numbers
  std::uint8_t each = 1;  // numbers for an element
};

constexpr std::int64_t kString = 8;

// By ONNX's number: TensorProto.DataType.
constexpr std::array kTypes = {
    Type{},
    Type{DType::float32, 32, float_data},
    Type{DType::uint8, 8, int32_data},
    Type{DType::int8, 8, int32_data},
    Type{DType::uint16, 16, int32_data},
    Type{DType::int16, 16, int32_data},
    Type{DType::int32, 32, int32_data},
    Type{DType::int64, 64, int64_data},
    Type{},  // text
    Type{DType::boolean, 8, int32_data},
    Type{DType::float16, 16, int32_data},
    Type{DType::float64, 64, double_data},
    Type{DType::uint32, 32, uint64_data},
    Type{DType::uint64, 64, uint64_data},
    Type{DType::complex64, 64, float_data, 2},
    Type{DType::complex128, 128, double_data, 2},
    Type{DType::bfloat16, 16, int32_data},
    Type{DType::float8_e4m3fn, 8, int32_data},
    Type{DType::float8_e4m3fnuz, 8, int32_data},
    Type{DType::float8_e5m2, 8, int32_data},
    Type{DType::float8_e5m2fnuz, 8, int32_data},
    Type{DType::uint4, 4, int32_data},
    Type{DType::int4, 4, int32_data},
    Type{DType::float4_e2m1fn, 4, int32_data},
    Type{DType::float8_e8m0fnu, 8, int32_data},
    Type{DType::uint2, 2, int32_data},
    Type{DType::int2, 2, int32_data},
    Type{DType::float6_e2m3fn, 6, int32_data},
    Type{DType::float6_e3m2fn, 6, int32_data},
};

Type type_of(std::int64_t number) {
  return number > 0 && static_cast<std::uint64_t>(number) < kTypes.size() ? kTypes[static_cast<std::size_t>(number)]
                                                                          : Type{};
}

std::string shape_text(const std::vector<Extent>& shape) {
  std::string text = "[";
  for (const Extent extent : shape) text += (text.size() > 1 ? ", " : "") + fmt::to_string(extent.size());
  return text + "]";
}

class TensorReader {
 public:
  TensorReader(ProtoMessage message, const Limits& limits) : message_(message), limits_(limits) {}

  OnnxTensor read() && {
    bool is_external = false;
    while (message_.next()) {
      switch (message_.number()) {
        case 1: message_.integers(dims_, limits_.dimensions, "dimensions"); break;
        case 2: tensor_.type = message_.integer(); break;
        case 8: tensor_.name = message_.text(limits_.name_bytes, "name_bytes"); break;
        case 13: read_external(message_.message("StringStringEntryProto")); break;
        case 14: is_external = message_.integer() == 1; break;
        case float_data:
        case int32_data:
        case string_data:
        case int64_data:
        case raw_data:
        case double_data:
        case uint64_data: add_data(static_cast<Field>(message_.number())); break;
        default: break;
      }
    }
    tensor_.shape = shape_of(dims_);
    weigh();
    if (is_external) {
      be_external();
    } else {
      check_data();
    }
    return std::move(tensor_);
  }

  std::vector<Extent> shape_of(const std::vector<std::int64_t>& dims) {
    std::vector<Extent> shape;
    tensor_.elements = 1;
    for (const std::int64_t dim : dims) {
      if (dim < 0) fail(fmt::format("has an extent of {}; extents of weights are numbers from 0 on", dim));
      shape.emplace_back(static_cast<std::uint64_t>(dim));
      const auto elements = checked_mul(tensor_.elements, static_cast<std::uint64_t>(dim));
      if (!elements || *elements > kMostElements)
        fail(fmt::format("has more than 2^63 elements; its {} extents cannot be true", dims.size()));
      tensor_.elements = *elements;
    }
    return shape;
  }

  [[noreturn]] void fail(const std::string& why, ErrorKind kind = ErrorKind::corrupt) const {
    throw Error(kind, message_.label(), fmt::format("tensor '{}' {}", tensor_.name.substr(0, kShownText), why), begin_);
  }

 private:
  // Only the text fields tell how many there are; of the others the bytes.
  void add_data(Field field) {
    if (field_ != none && field_ != field) {
      fail(fmt::format("holds its elements in two fields, {} and {}, which is not allowed",
                       static_cast<unsigned>(field_), static_cast<unsigned>(field)));
    }
    if (field_ == none) data_offset_ = message_.offset();
    field_ = field;
    ++chunks_;
    bytes_ += message_.length();
  }

  void read_external(ProtoMessage entry) {
    std::string key;
    std::string value;
    while (entry.next()) {
      if (entry.number() == 1) key = entry.text(limits_.name_bytes, "name_bytes");
      if (entry.number() == 2) value = entry.text(limits_.name_bytes, "name_bytes");
    }
    if (key == "location") external_.location = value;
    if (key == "offset") external_.offset = number(key, value);
    if (key == "length") external_.length = number(key, value);
  }

  std::uint64_t number(const std::string& key, const std::string& text) const {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || stop != end || number > kMostElements)
      fail(fmt::format("has data in another file with the {} '{}', which is no number of bytes", key,
                       text.substr(0, kShownText)));
    return number;
  }

  // What the elements take, as raw_data has them.
  void weigh() {
    type_ = type_of(tensor_.type);
    tensor_.dtype = type_.dtype;
    const auto bits = checked_mul(tensor_.elements, type_.bits);
    if (!bits) fail(fmt::format("of {} elements takes more than 2^64 bits", tensor_.elements));
    needed_ = *bits / 8 + (*bits % 8 != 0 ? 1 : 0);
    // PyTorch's types of these names take a byte for each element; here several share one.
    const bool is_packed_integer = type_.bits != 0 && type_.bits < 8 && !is_floating_point(type_.dtype);
    if (is_packed_integer) tensor_.layout = Layout::quantized;
    if (tensor_.type == kString) tensor_.layout = Layout::other;
  }

  void be_external() {
    if (field_ != none && bytes_ > 0)
      fail(fmt::format("is said to lie in '{}' but holds {} bytes here, too", external_.location.substr(0, kShownText),
                       bytes_));
    if (external_.location.empty()) fail("is said to lie in another file, which is not named");
    if (type_.bits != 0 && external_.length && *external_.length != needed_)
      fail(differ(*external_.length, fmt::format("in '{}'", external_.location.substr(0, kShownText))));
    if (external_.length.value_or(needed_) > UINT64_MAX - external_.offset) fail("ends behind 2^64 bytes of its file");
    external_.bytes = external_.length.value_or(needed_);
    tensor_.stored_bytes = external_.bytes;
    tensor_.externals.push_back(std::move(external_));
  }

  std::string differ(std::uint64_t stored, const std::string& where) const {
    return fmt::format("of {} {} takes {} bytes, but {} are stored{}{}; the file is damaged", name(type_.dtype),
                       shape_text(tensor_.shape), needed_, stored, where.empty() ? "" : " ", where);
  }

  void check_data() {
    tensor_.stored_bytes = bytes_;
    if (tensor_.type == kString) return check_text();
    if (type_.bits == 0) return;  // nothing can be said
    if (field_ == none) {
      tensor_.has_data = tensor_.elements == 0;
      tensor_.stored_bytes = 0;
      return;
    }
    if (field_ == raw_data) {
      if (bytes_ != needed_) fail(differ(bytes_, ""));
    } else {
      check_numbers();
    }
    const bool is_plain = field_ == raw_data || field_ == float_data || field_ == double_data;
    if (is_plain && tensor_.layout == Layout::strided && chunks_ == 1 && bytes_ == needed_)
      tensor_.plain_at = data_offset_;
  }

  void check_text() const {
    if (field_ == string_data && chunks_ == tensor_.elements) return;
    if (field_ == none && tensor_.elements == 0) return;
    fail(fmt::format("of text {} has {} elements, but {} are stored; the file is damaged", shape_text(tensor_.shape),
                     tensor_.elements, field_ == string_data ? chunks_ : 0));
  }

  // Floats have a width; other numbers take one to ten bytes each, so that how many there are is known in part.
  void check_numbers() const {
    if (field_ != type_.typed) {
      fail(fmt::format("of {} holds its elements in field {}, where {} belongs; the file is damaged", name(type_.dtype),
                       static_cast<unsigned>(field_), static_cast<unsigned>(type_.typed)));
    }
    if (field_ == float_data || field_ == double_data) {
      if (bytes_ != needed_) fail(differ(bytes_, ""));
      return;
    }
    const std::uint64_t in_one = type_.bits < 6 ? 8U / type_.bits : 1U;
    const std::uint64_t numbers = tensor_.elements / in_one + (tensor_.elements % in_one != 0 ? 1 : 0);
    const bool is_enough = numbers <= bytes_ && bytes_ / 10 + (bytes_ % 10 != 0 ? 1 : 0) <= numbers;
    if (is_enough) return;
    fail(fmt::format("of {} {} has {} numbers, of 1 to 10 bytes each, but {} bytes are stored; the file is damaged",
                     name(type_.dtype), shape_text(tensor_.shape), numbers, bytes_));
  }

  ProtoMessage message_;
  const Limits& limits_;
  const std::uint64_t begin_ = message_.begin();
  OnnxTensor tensor_;
  std::vector<std::int64_t> dims_;
  Type type_;
  OnnxExternal external_;
  Field field_ = none;
  std::uint64_t data_offset_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t chunks_ = 0;
  std::uint64_t needed_ = 0;
};

}  // namespace

OnnxTensor read_onnx_tensor(ProtoMessage message, const Limits& limits) { return TensorReader(message, limits).read(); }

OnnxTensor read_onnx_sparse_tensor(ProtoMessage message, const Limits& limits) {
  OnnxTensor values;
  OnnxTensor indices;
  std::vector<std::int64_t> dims;
  const std::uint64_t begin = message.begin();
  TensorReader whole(message, limits);
  while (message.next()) {
    if (message.number() == 1) values = read_onnx_tensor(message.message("TensorProto"), limits);
    if (message.number() == 2) indices = read_onnx_tensor(message.message("TensorProto"), limits);
    if (message.number() == 3) message.integers(dims, limits.dimensions, "dimensions");
  }
  OnnxTensor tensor = values;
  tensor.shape = whole.shape_of(dims);
  tensor.elements = 1;
  for (const Extent extent : tensor.shape) tensor.elements *= extent.size();  // was checked
  const std::uint64_t each = indices.shape.size() < 2 ? 1 : dims.size();
  const auto wanted = checked_mul(values.elements, each);
  if (values.shape.size() != 1 || !wanted || indices.elements != *wanted || values.elements > tensor.elements) {
    throw Error(
        ErrorKind::corrupt, message.label(),
        fmt::format("sparse tensor '{}' of {} elements has {} values and {} indices, which do not fit; the file "
                    "is damaged",
                    values.name.substr(0, kShownText), tensor.elements, values.elements, indices.elements),
        begin);
  }
  tensor.layout = Layout::sparse;
  tensor.stored_bytes = values.stored_bytes + indices.stored_bytes;  // both below 2^63
  tensor.externals.insert(tensor.externals.end(), indices.externals.begin(), indices.externals.end());
  tensor.plain_at.reset();
  return tensor;
}

}  // namespace weigh
