// The format: src/formats/safetensors/header.h. Order and text are those of the reference implementation
// (safetensors/src/tensor.rs), so that its files and ours are the same bytes.
#include <algorithm>
#include <bit>
#include <cstdint>
#include <map>
#include <set>
#include <tuple>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <simdjson.h>

#include "weights/atomic_file.h"
#include "weights/dtypes.h"

#include "weigh/error.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

namespace weigh {
namespace {

constexpr std::size_t kAlignment = 8;

// A JSON string, written as serde_json does.
std::string json_text(std::string_view text) {
  static const std::map<char, char> kShort = {{'"', '"'},  {'\\', '\\'}, {'\b', 'b'}, {'\f', 'f'},
                                              {'\n', 'n'}, {'\r', 'r'},  {'\t', 't'}};
  std::string out = "\"";
  for (const char c : text) {
    if (const auto found = kShort.find(c); found != kShort.end())
      out += {'\\', found->second};
    else if (static_cast<unsigned char>(c) < 0x20)
      out += fmt::format("\\u{:04x}", c);
    else
      out += c;
  }
  return out += '"';
}

class Writer {
 public:
  Writer(const std::string& path, const std::map<std::string, std::string>& metadata)
      : path_(path), metadata_(metadata) {}

  void run(const std::vector<NamedTensor>& tensors) {
    for (const NamedTensor& tensor : tensors) check(tensor);
    for (const auto& [key, value] : metadata_) {
      check_text(key, "a key of the metadata");
      check_text(value, fmt::format("what the metadata say of '{}'", key));
    }
    drop_ties(tensors);
    std::ranges::sort(kept_, [](const NamedTensor* a, const NamedTensor* b) {
      const int rank_a = safetensors_rank(a->value.scalar_type());
      const int rank_b = safetensors_rank(b->value.scalar_type());
      return rank_a != rank_b ? rank_a > rank_b : a->name < b->name;
    });
    const std::string head = header();
    AtomicFile file(path_);
    const std::uint64_t length = head.size();
    static_assert(std::endian::native == std::endian::little, "safetensors is little-endian");
    file.write(&length, sizeof(length));
    file.write(head.data(), head.size());
    for (const NamedTensor* tensor : kept_) write(file, tensor->value);
    file.commit();
  }

 private:
  [[noreturn]] void fail(const std::string& message) const { throw Error(ErrorKind::usage, path_, message); }
  [[noreturn]] void fail(const NamedTensor& tensor, const std::string& message) const {
    fail(fmt::format("tensor '{}' {}", tensor.name.substr(0, 200), message));
  }

  void check_text(std::string_view text, const std::string& what) const {
    if (!simdjson::validate_utf8(text.data(), text.size())) fail(what + " is no UTF-8, which the format asks for");
  }

  void check(const NamedTensor& tensor) {
    const torch::Tensor& value = tensor.value;
    check_text(tensor.name, fmt::format("the tensor name '{}'", tensor.name.substr(0, 200)));
    if (tensor.name == "__metadata__") fail(tensor, "has the name that the format keeps for its metadata");
    if (!names_.insert(tensor.name).second) fail(tensor, "is given twice");
    if (!value.defined()) fail(tensor, "is undefined");
    if (nn::is_uninitialized(value))
      fail(tensor, "is not initialised yet and has no shape or data; run a forward before saving");
    if (value.is_meta()) fail(tensor, "has no data: it is on the device 'meta'");
    if (value.is_quantized()) fail(tensor, "is quantised, for which the format has no type; save its int_repr()");
    if (value.layout() != torch::kStrided)
      fail(tensor, "is sparse, which the format cannot hold; save its parts, or to_dense()");
    if (value.is_nested()) fail(tensor, "is no plain tensor, and the format holds no others");
    if (safetensors_name(value.scalar_type()).empty())
      fail(tensor,
           fmt::format("is of the type {}, which the format does not have", c10::toString(value.scalar_type())));
  }

  // The first name by the alphabet is kept, as save_model does.
  void drop_ties(const std::vector<NamedTensor>& tensors) {
    std::vector<const NamedTensor*> by_name;
    for (const NamedTensor& tensor : tensors) by_name.push_back(&tensor);
    std::ranges::sort(by_name, {}, &NamedTensor::name);
    using Memory = std::tuple<const void*, c10::ScalarType, std::vector<std::int64_t>, std::vector<std::int64_t>, bool>;
    std::map<Memory, const NamedTensor*> seen;
    for (const NamedTensor* tensor : by_name) {
      const torch::Tensor& value = tensor->value;
      if (value.numel() > 0) {
        const bool is_changed = value.is_conj() || value.is_neg();
        const auto [first, is_new] = seen.emplace(
            Memory(value.data_ptr(), value.scalar_type(), value.sizes().vec(), value.strides().vec(), is_changed),
            tensor);
        if (!is_new) {
          record_tie(*tensor, first->second->name);
          continue;
        }
      }
      kept_.push_back(tensor);
    }
  }

  void record_tie(const NamedTensor& dropped, const std::string& kept) {
    const auto [recorded, is_new] = metadata_.emplace(dropped.name, kept);
    if (is_new || recorded->second == kept) return;
    fail(dropped,
         fmt::format("is the same as '{}', which the metadata must say under its name; but they say '{}' there", kept,
                     recorded->second.substr(0, 200)));
  }

  std::string header() const {
    std::string text = "{";
    if (!metadata_.empty()) {
      text += "\"__metadata__\":{";
      for (const auto& [key, value] : metadata_) text += json_text(key) + ":" + json_text(value) + ",";
      text.back() = '}';
      text += ',';
    }
    std::uint64_t offset = 0;
    for (const NamedTensor* tensor : kept_) {
      const torch::Tensor& value = tensor->value;
      const std::uint64_t end = offset + value.numel() * value.element_size();
      text += fmt::format("{}:{{\"dtype\":\"{}\",\"shape\":[{}],\"data_offsets\":[{},{}]}},", json_text(tensor->name),
                          safetensors_name(value.scalar_type()), fmt::join(value.sizes(), ","), offset, end);
      offset = end;
    }
    if (text.back() == ',') text.pop_back();
    text += '}';
    text.append((kAlignment - text.size() % kAlignment) % kAlignment, ' ');
    constexpr Limits kLimits;
    if (text.size() > kLimits.json_header_bytes)
      fail(fmt::format("the header would have {} bytes; the format allows {}", text.size(), kLimits.json_header_bytes));
    return text;
  }

  static void write(AtomicFile& file, const torch::Tensor& value) {
    const torch::Tensor plain = value.detach().resolve_conj().resolve_neg().cpu().contiguous();
    file.write(plain.data_ptr(), plain.numel() * plain.element_size());
  }

  const std::string& path_;
  std::map<std::string, std::string> metadata_;
  std::set<std::string> names_;
  std::vector<const NamedTensor*> kept_;
};

}  // namespace

void save_safetensors(const std::string& path, const std::vector<NamedTensor>& tensors,
                      const std::map<std::string, std::string>& metadata) {
  Writer(path, metadata).run(tensors);
}

}  // namespace weigh
