// Files that no fixture holds, made byte by byte: safetensors, zip archives, pickles.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bytes/folder.h"

#include "weigh/weigh.h"

namespace weigh::testing {

// Little-endian.
template <class Integer>
std::string little(Integer number) {
  std::string bytes;
  for (std::size_t i = 0; i < sizeof(Integer); ++i)
    bytes += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xFF);
  return bytes;
}

inline Model read_files(std::map<std::string, std::string> files, std::string_view name) {
  return read(*memory_folder("", std::move(files)), name);
}
inline Model read_bytes(const std::string& bytes) { return read_files({{"m", bytes}}, "m"); }

inline const Tensor* find(const Model& model, std::string_view path) {
  for (const Tensor& tensor : model.tensors)
    if (model.path_of(tensor) == path) return &tensor;
  return nullptr;
}

// "[8, in of conv, 3]"; "?" where the rank is not known; "none" where there is no such tensor.
inline std::string shape_of(const Model& model, std::string_view path) {
  const Tensor* tensor = find(model, path);
  if (tensor == nullptr) return "none";
  if (!tensor->rank_known()) return "?";
  std::string text;
  for (const Extent* extent = model.shape_begin(*tensor); extent != model.shape_end(*tensor); ++extent) {
    text += text.empty() ? "" : ", ";
    if (extent->is_known()) {
      text += std::to_string(extent->size());
    } else if (extent->symbol() == kNameless) {
      text += "?";
    } else {
      const Symbol& symbol = model.symbols.at(extent->symbol());
      text += std::string(symbol.name) + " of " + model.path_of(symbol.layer);
    }
  }
  return "[" + text + "]";
}

// "code place: message", one line each.
inline std::string notes_of(const Model& model) {
  std::string text;
  for (const Note& note : model.notes) text += note.code + " " + note.place + ": " + note.message + "\n";
  return text;
}

// A folder: contents by name.
using Files = std::map<std::string, std::string>;

// A safetensors file with this header and so many bytes of data.
inline std::string safetensors(const std::string& header, std::size_t data = 0) {
  return little<std::uint64_t>(header.size()) + header + std::string(data, '\0');
}
// A member of a header: "NAME":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}
inline std::string entry(const std::string& name, const std::string& dtype, const std::string& shape,
                         const std::string& offsets) {
  return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}
// A file of one tensor of four bytes.
inline std::string one_tensor(const std::string& name) {
  return safetensors("{" + entry(name, "U8", "[4]", "[0,4]") + "}", 4);
}

// A zip archive of stored records without checksums, its directory in 64 bits as PyTorch writes it.
class Zip {
 public:
  Zip& add(std::string_view name, std::string_view bytes) {
    begin(name, bytes.size());
    head_ += bytes;
    size_ += bytes.size();
    return *this;
  }
  // A record whose bytes are left to a hole of the file system; must be the last.
  Zip& add_hole(std::string_view name, std::uint64_t size) {
    begin(name, size);
    size_ += size;
    return *this;
  }

  std::string bytes() const { return head_ + tail(); }
  const std::string& head() const { return head_; }  // up to the hole
  std::string tail() const {                         // behind it
    std::string tail = directory_;
    tail += "PK\6\6" + little<std::uint64_t>(44) + little<std::uint16_t>(45) + little<std::uint16_t>(45) +
            little<std::uint64_t>(0) + little(count_) + little(count_) + little<std::uint64_t>(directory_.size()) +
            little(size_);
    tail += "PK\6\7" + little<std::uint32_t>(0) + little<std::uint64_t>(size_ + directory_.size()) +
            little<std::uint32_t>(1);
    return tail + "PK\5\6" + little<std::uint32_t>(0) + little<std::uint32_t>(0xFFFF'FFFF) +
           little<std::uint32_t>(0xFFFF'FFFF) + little<std::uint32_t>(0xFFFF'FFFF) + little<std::uint16_t>(0);
  }

 private:
  void begin(std::string_view name, std::uint64_t size) {
    const bool is_wide = size >= 0xFFFF'FFFF;
    const std::uint32_t narrow = is_wide ? 0xFFFF'FFFF : static_cast<std::uint32_t>(size);
    const auto at = static_cast<std::uint32_t>(size_);
    const std::string extra =
        is_wide ? little<std::uint16_t>(1) + little<std::uint16_t>(16) + little(size) + little(size) : "";
    const std::string common = little<std::uint16_t>(0) + little<std::uint16_t>(0) + little<std::uint32_t>(0) +
                               little<std::uint32_t>(0) + little(narrow) + little(narrow) +
                               little(static_cast<std::uint16_t>(name.size())) +
                               little(static_cast<std::uint16_t>(extra.size()));
    const std::string local = "PK\3\4" + little<std::uint16_t>(45) + common + std::string(name) + extra;
    directory_ +=
        "PK\1\2" + little<std::uint32_t>(45) + common + std::string(10, '\0') + little(at) + std::string(name) + extra;
    head_ += local;
    size_ += local.size();
    ++count_;
  }

  std::string head_;
  std::string directory_;
  std::uint64_t size_ = 0;
  std::uint64_t count_ = 0;
};

// Pickles: each function gives the opcodes that leave one value on the stack.
namespace py {

using Texts = std::initializer_list<std::string>;

inline std::string joined(const std::vector<std::string>& values) {
  std::string all;
  for (const std::string& value : values) all += value;
  return all;
}
inline std::string none() { return "N"; }
inline std::string boolean(bool value) { return value ? "\x88" : "\x89"; }
inline std::string integer(std::int64_t value) { return "\x8a\x08" + little(value); }
inline std::string text(std::string_view value) {
  return "X" + little(static_cast<std::uint32_t>(value.size())) + std::string(value);
}
inline std::string global(std::string_view module, std::string_view name) {
  return "c" + std::string(module) + "\n" + std::string(name) + "\n";
}
inline std::string tuple(const std::vector<std::string>& values) { return "(" + joined(values) + "t"; }
inline std::string list(const std::vector<std::string>& values) { return "](" + joined(values) + "e"; }
inline std::string dict(const std::vector<std::pair<std::string, std::string>>& entries) {
  std::string all = "}(";
  for (const auto& [key, value] : entries) all += text(key) + value;
  return all + "u";
}
inline std::string sizes(const std::vector<std::int64_t>& numbers) {
  std::vector<std::string> values;
  for (std::int64_t number : numbers) values.push_back(integer(number));
  return tuple(values);
}
inline std::string call(const std::string& callable, const std::vector<std::string>& arguments) {
  return callable + tuple(arguments) + "R";
}
inline std::string storage(std::string_view type, std::string_view key, std::int64_t elements,
                           std::string_view location = "cpu") {
  return tuple({text("storage"), global("torch", type), text(key), text(location), integer(elements)}) + "Q";
}
inline std::string tensor(const std::string& storage, std::int64_t offset, const std::vector<std::int64_t>& shape,
                          const std::vector<std::int64_t>& strides) {
  return call(global("torch._utils", "_rebuild_tensor_v2"),
              {storage, integer(offset), sizes(shape), sizes(strides), boolean(false), dict({})});
}
inline std::string uninitialized(std::string_view type = "UninitializedParameter") {
  return call(global("torch.nn.parameter", type), {boolean(type == "UninitializedParameter")});
}
inline std::string pickle(const std::string& value) { return "\x80\x02" + value + "."; }

}  // namespace py

// What torch.save writes around a pickle, with its storages by key.
inline std::string torch_file(const std::string& value, const std::map<std::string, std::string>& storages = {}) {
  Zip zip;
  zip.add("m/data.pkl", py::pickle(value));
  for (const auto& [key, bytes] : storages) zip.add("m/data/" + key, bytes);
  return zip.bytes();
}
// A state dict without tensors.
inline std::string torch_model() { return torch_file(py::dict({})); }

// What torch.save wrote before 1.6, up to the storages.
inline std::string legacy_head(const std::string& value, const std::vector<std::string>& keys) {
  std::vector<std::string> texts;
  for (const std::string& key : keys) texts.push_back(py::text(key));
  return py::pickle("\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19") + py::pickle(py::integer(1001)) +
         py::pickle(py::dict({{"little_endian", py::boolean(true)}})) + py::pickle(value) + py::pickle(py::list(texts));
}

}  // namespace weigh::testing
