#include "formats/safetensors/regular.h"

#include <array>
#include <optional>
#include <vector>

#include "formats/safetensors/dtypes.h"
#include "model/roles.h"
#include "model/shapes.h"
#include "wire/plain_json.h"

namespace weigh {
namespace {

// What an entry shares with others.
struct Kind {
  std::string_view text;  // from behind the name to the first offset
  DType dtype = DType::unknown;
  std::uint64_t bytes = 0;
  std::vector<Extent> shape;
  Index first_extent = 0;
  std::string_view last_part;  // of a name with the dot before it, as it was last: role is that of such tensors
  KnownRole role;
};

class RegularReader {
 public:
  RegularReader(std::string_view text, const ReadOptions& options, std::uint64_t data_begin, SafetensorsHeader& header,
                SafetensorsLayout& layout)
      : limits_(options.limits),
        with_locations_(options.locations),
        data_begin_(data_begin),
        scanner_(text),
        header_(header),
        shapes_(header.extents),
        layout_(layout) {}

  bool read() {
    if (!scanner_.take('{')) return false;
    if (scanner_.take(R"("__metadata__":{)")) {
      if (!read_metadata()) return false;
      if (!scanner_.take(',')) return is_end();
    }
    do {
      if (!read_entry()) return false;
    } while (scanner_.take(','));
    return is_end();
  }

 private:
  bool is_end() {
    if (!scanner_.take('}')) return false;
    scanner_.skip_blanks();
    return scanner_.is_at_end();
  }

  bool read_metadata() {
    if (scanner_.take('}')) return true;
    do {
      std::string_view key;
      std::string_view text;
      if (!scanner_.take('"') || !scanner_.take_text(key)) return false;
      if (!scanner_.take(R"(:")") || !scanner_.take_text(text)) return false;
      header_.metadata.emplace_back(key, text);
    } while (scanner_.take(','));
    return scanner_.take('}');
  }

  bool read_entry() {
    std::string_view name;
    if (!scanner_.take('"') || !scanner_.take_text(name)) return false;
    if (name.size() > limits_.name_bytes || name == "__metadata__") return false;
    if (!read_kind()) return false;
    std::uint64_t begin = 0;
    std::uint64_t end = 0;
    if (!read_offsets(begin, end)) return false;
    Kind& kind = kinds_[kind_];
    if (begin > end || end - begin != kind.bytes) return false;
    add(name, kind, begin);
    return true;
  }

  // Mostly the one that followed the last two kinds before.
  bool read_kind() {
    std::uint8_t& next = next_[before_][kind_];
    before_ = kind_;
    kind_ = next;
    if (take_kind(kind_)) return true;
    for (kind_ = 0; kind_ != count_ && !take_kind(kind_); ++kind_) {
    }
    if (kind_ == count_ && !read_new_kind()) return false;
    next = static_cast<std::uint8_t>(kind_);
    return true;
  }

  bool take_kind(std::size_t kind) { return kind < count_ && scanner_.take(kinds_[kind].text); }

  // In the place of another, where there are many.
  bool read_new_kind() {
    Kind kind;
    const char* begin = scanner_.at();
    std::string_view dtype;
    if (!scanner_.take(R"(:{"dtype":")") || !scanner_.take_text(dtype)) return false;
    kind.dtype = safetensors_dtype(dtype);
    if (kind.dtype == DType::unknown) return false;
    if (!scanner_.take(R"(,"shape":[)") || !read_shape(kind.shape)) return false;
    if (!scanner_.take(R"(,"data_offsets":[)")) return false;
    const std::optional<std::uint64_t> bits = needed_bits(kind.dtype, kind.shape);
    if (!bits || *bits % 8 != 0) return false;
    kind.bytes = *bits / 8;
    kind.text = {begin, static_cast<std::size_t>(scanner_.at() - begin)};
    kind.first_extent = shapes_.keep(kind.shape);
    kind_ = count_ < kinds_.size() ? count_++ : replaced_++ % kinds_.size();
    kinds_[kind_] = std::move(kind);
    return true;
  }

  bool read_shape(std::vector<Extent>& shape) {
    if (scanner_.take(']')) return true;
    do {
      std::uint64_t size = 0;
      if (shape.size() == limits_.dimensions || !scanner_.take_number(size) || size > Extent::kMax) return false;
      shape.emplace_back(size);
    } while (scanner_.take(','));
    return scanner_.take(']');
  }

  // The first is mostly the second of the entry before.
  bool read_offsets(std::uint64_t& begin, std::uint64_t& end) {
    const json::PlainScanner here = scanner_;
    if (scanner_.take(last_end_text_) && scanner_.take(',')) {
      begin = last_end_;
    } else {
      scanner_ = here;
      if (!scanner_.take_number(begin) || !scanner_.take(',')) return false;
    }
    const char* number = scanner_.at();
    if (!scanner_.take_number(end)) return false;
    last_end_ = end;
    last_end_text_ = {number, static_cast<std::size_t>(scanner_.at() - number)};
    return scanner_.take("]}");
  }

  void add(std::string_view name, Kind& kind, std::uint64_t begin) {
    layout_.place(begin, begin + kind.bytes, header_.tensors.size());
    if (with_locations_) header_.offsets.push_back(data_begin_ + begin);
    Tensor& tensor = header_.tensors.emplace_back();
    tensor.name = name;
    tensor.stored_bytes = kind.bytes;
    tensor.dtype = kind.dtype;
    tensor.first_extent = kind.first_extent;
    tensor.rank = static_cast<std::uint8_t>(kind.shape.size());
    if (kind.last_part.empty() || !name.ends_with(kind.last_part)) {
      const std::size_t last = name.rfind('.') + 1;
      kind.role = infer_role(name.substr(last), kind.dtype, kind.shape);
      kind.last_part = last == 0 ? std::string_view() : name.substr(last - 1);
    }
    kind.role.give_to(tensor);
  }

  static constexpr std::size_t kKinds = 16;

  const Limits& limits_;
  const bool with_locations_;
  const std::uint64_t data_begin_;
  json::PlainScanner scanner_;
  SafetensorsHeader& header_;
  Shapes shapes_;
  SafetensorsLayout& layout_;
  std::array<Kind, kKinds> kinds_;
  std::size_t count_ = 0;                                           // of kinds
  std::size_t replaced_ = 0;                                        // how often a kind took another's place
  std::size_t kind_ = 0;                                            // of the last entry
  std::size_t before_ = 0;                                          // of the one before it
  std::array<std::array<std::uint8_t, kKinds>, kKinds> next_ = {};  // by these two, what followed them last
  std::uint64_t last_end_ = 0;
  std::string_view last_end_text_ = "0";
};

}  // namespace

bool read_regular_entries(std::string_view text, const ReadOptions& options, std::uint64_t data_begin,
                          SafetensorsHeader& header, SafetensorsLayout& layout) {
  return RegularReader(text, options, data_begin, header, layout).read();
}

}  // namespace weigh
