#include "formats/npz/npy_header.h"

#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/cursor.h"

#include "weigh/error.h"
#include "weigh/model.h"

namespace weigh {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kShownKey = 60;

struct Code {
  char kind;
  std::uint64_t bytes;
  DType dtype;
};
constexpr std::array kCodes = {
    Code{'f', 2, DType::float16},   Code{'f', 4, DType::float32},     Code{'f', 8, DType::float64},
    Code{'i', 1, DType::int8},      Code{'i', 2, DType::int16},       Code{'i', 4, DType::int32},
    Code{'i', 8, DType::int64},     Code{'u', 1, DType::uint8},       Code{'u', 2, DType::uint16},
    Code{'u', 4, DType::uint32},    Code{'u', 8, DType::uint64},      Code{'b', 1, DType::boolean},
    Code{'c', 8, DType::complex64}, Code{'c', 16, DType::complex128},
};

// The literal, token by token. Fields in fields are kept in a list of open records, not by recursion.
class Literal {
 public:
  Literal(std::string_view label, std::string_view text, std::uint64_t base, bool is_latin1, const Limits& limits)
      : label_(label), text_(text), base_(base), is_latin1_(is_latin1), limits_(limits) {}

  NpyHeader read() {
    NpyHeader header;
    bool has_descr = false;
    bool has_order = false;
    bool has_shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted("a key");
      expect(':');
      if (key == "descr" && !std::exchange(has_descr, true)) {
        header.is_record = peek() == '[';
        if (header.is_record) {
          header.fields = record();
        } else {
          header.fields.emplace_back().type = type(quoted("the type"));
        }
      } else if (key == "fortran_order" && !std::exchange(has_order, true)) {
        header.fortran_order = boolean();
      } else if (key == "shape" && !std::exchange(has_shape, true)) {
        header.shape = shape();
      } else {
        fail(fmt::format("has the key '{}', which is none or stands twice", key.substr(0, kShownKey)));
      }
      if (!accept(',') && peek() != '}') fail("lacks a comma or a brace");
    }
    skip_spaces();
    if (at_ != text_.size()) fail("goes on behind its brace");
    if (!has_descr || !has_order || !has_shape) fail("lacks one of descr, fortran_order and shape");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    throw Error(ErrorKind::corrupt, std::string(label_), "the header of the array " + what, base_ + at_);
  }

  void skip_spaces() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
  }
  char peek() {
    skip_spaces();
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char wanted) {
    if (peek() != wanted || at_ == text_.size()) return false;
    ++at_;
    return true;
  }
  void expect(char wanted) {
    if (!accept(wanted)) fail(fmt::format("should have '{}' here", wanted));
  }

  // Python writes the quotes that need no escape, and escapes what does not print.
  std::string quoted(const char* what) {
    const char quote = peek();
    if (quote != '\'' && quote != '"') fail(fmt::format("should have {} in quotes here", what));
    std::string value;
    for (++at_; at_ < text_.size() && text_[at_] != quote; ++at_) {
      if (text_[at_] == '\\' && at_ + 1 < text_.size()) value += text_[at_++];
      put(value, text_[at_]);
    }
    if (at_ >= text_.size()) fail(fmt::format("ends within {}", what));
    ++at_;
    return value;
  }

  // As UTF-8.
  void put(std::string& value, char c) const {
    const auto code = static_cast<unsigned char>(c);
    if (!is_latin1_ || code < 0x80) {
      value += c;
    } else {
      value += static_cast<char>(0xC0 | code >> 6);
      value += static_cast<char>(0x80 | (code & 0x3F));
    }
  }

  bool boolean() {
    for (const auto& [word, value] : {std::pair<std::string_view, bool>{"False", false}, {"True", true}}) {
      if (skip_spaces(); text_.substr(at_).starts_with(word)) {
        at_ += word.size();
        return value;
      }
    }
    fail("should have True or False here");
  }

  std::uint64_t number() {
    skip_spaces();
    std::uint64_t value = 0;
    const char* const end = text_.data() + text_.size();
    const auto [stop, error] = std::from_chars(text_.data() + at_, end, value);
    if (error != std::errc() || value > Extent::kMax) fail("should have an extent below 2^63 here");
    at_ = static_cast<std::size_t>(stop - text_.data());
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // NumPy on Python 2
    return value;
  }

  std::vector<std::uint64_t> shape() {
    std::vector<std::uint64_t> extents;
    expect('(');
    while (!accept(')')) {
      if (extents.size() == limits_.dimensions)
        fail(fmt::format("has more than {} extents (limit dimensions)", limits_.dimensions));
      extents.push_back(number());
      if (!accept(',') && peek() != ')') fail("lacks a comma or a parenthesis");
    }
    return extents;
  }

  NpyType type(std::string code) const {
    NpyType type;
    type.code = std::move(code);
    std::string_view rest = type.code;
    if (!rest.empty() && std::string_view("<>|=").find(rest.front()) != std::string_view::npos) {
      type.is_big_endian = rest.front() == '>';
      rest.remove_prefix(1);
    }
    if (rest.empty() || rest.size() > kShownKey) fail(fmt::format("has the type '{}'", type.code.substr(0, kShownKey)));
    type.kind = rest.front();
    rest = rest.substr(1, rest.find('[') - 1);  // "M8[ns]"
    if (type.kind == 'O') return type;
    const auto [stop, error] = std::from_chars(rest.data(), rest.data() + rest.size(), type.bytes);
    const bool is_known_kind = std::string_view("fiubcVSUMm").find(type.kind) != std::string_view::npos;
    if (!is_known_kind || error != std::errc() || stop != rest.data() + rest.size() || type.bytes > (Extent::kMax >> 2))
      fail(fmt::format("has the type '{}', which NumPy does not write", type.code));
    if (type.kind == 'U') type.bytes *= 4;
    for (const Code& known : kCodes)
      if (known.kind == type.kind && known.bytes == type.bytes) type.dtype = known.dtype;
    return type;
  }

  // A field whose type is a list of fields again, until that list ends.
  struct Open {
    std::string prefix;     // "layer."
    std::size_t first = 0;  // of its fields
  };

  std::vector<NpyField> record() {
    std::vector<NpyField> fields;
    std::vector<Open> open = {{"", 0}};
    expect('[');
    while (!open.empty()) {
      if (accept(']')) {
        const Open closed = std::move(open.back());
        open.pop_back();
        if (!open.empty()) end_field(fields, closed.first);
        continue;
      }
      expect('(');
      const std::string name = open.back().prefix + field_name();
      names_ += name.size();  // a long prefix stands in the name of every field behind it
      if (name.size() > limits_.name_bytes || names_ > 16 * limits_.npy_header_bytes)
        fail(fmt::format("names fields in more than {} bytes (limit name_bytes)", limits_.name_bytes));
      expect(',');
      if (accept('[')) {
        if (open.size() == limits_.npy_record_depth) {
          fail(fmt::format("nests records more than {} deep (limit npy_record_depth)", limits_.npy_record_depth));
        }
        open.push_back({name + ".", fields.size()});
        continue;
      }
      fields.push_back({name, type(quoted("the type of a field")), {}});
      end_field(fields, fields.size() - 1);
    }
    return fields;
  }

  // 'w', or ('title', 'w').
  std::string field_name() {
    if (!accept('(')) return quoted("the name of a field");
    quoted("the title of a field");
    expect(',');
    std::string name = quoted("the name of a field");
    expect(')');
    return name;
  }

  // The shape behind a type, and the parenthesis. It stands before the shapes of the fields inside.
  void end_field(std::vector<NpyField>& fields, std::size_t first) {
    if (accept(',') && peek() == '(') {
      const std::vector<std::uint64_t> outer = shape();
      for (std::size_t i = first; i < fields.size(); ++i) {
        std::vector<std::uint64_t>& inner = fields[i].shape;
        inner.insert(inner.begin(), outer.begin(), outer.end());
        if (inner.size() > limits_.dimensions)
          fail(fmt::format("has more than {} extents (limit dimensions)", limits_.dimensions));
      }
      accept(',');
    }
    expect(')');
    accept(',');
  }

  std::string_view label_;
  std::string_view text_;
  std::uint64_t base_;
  bool is_latin1_;
  const Limits& limits_;
  std::size_t at_ = 0;
  std::uint64_t names_ = 0;  // bytes of all fields' names
};

}  // namespace

bool NpyType::is_number() const { return std::string_view("fiubcV").find(kind) != std::string_view::npos; }

std::uint64_t npy_header_size(std::string_view label, std::string_view preamble, const Limits& limits) {
  Cursor cursor(label, preamble);
  if (cursor.take(kMagic.size(), "the signature of an array") != kMagic)
    throw Error(ErrorKind::corrupt, std::string(label), "is called an array but does not begin as one");
  const auto major = cursor.little<std::uint8_t>("the version of an array");
  const auto minor = cursor.little<std::uint8_t>("the version of an array");
  if (major < 1 || major > 3 || minor != 0) {
    throw Error(ErrorKind::unsupported, std::string(label),
                fmt::format("is an array of version {}.{}; 1.0, 2.0 and 3.0 can be read", major, minor));
  }
  const std::uint64_t length = major == 1 ? cursor.little<std::uint16_t>("the length of an array's header")
                                          : cursor.little<std::uint32_t>("the length of an array's header");
  if (length > limits.npy_header_bytes) {
    throw Error(ErrorKind::limit, std::string(label),
                fmt::format("has a header of {} bytes, more than {} (limit npy_header_bytes)", length,
                            limits.npy_header_bytes));
  }
  return cursor.offset() + length;
}

NpyHeader read_npy_header(std::string_view label, std::string_view bytes, const Limits& limits) {
  const char version = bytes[kMagic.size()];
  const std::size_t begin = version == 1 ? 10 : 12;
  return Literal(label, bytes.substr(begin), begin, version < 3, limits).read();
}

}  // namespace weigh
