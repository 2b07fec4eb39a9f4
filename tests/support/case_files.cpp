#include "support/case_files.h"

#include <cmath>
#include <cstdint>
#include <stdexcept>
#include <string_view>

#include "support/files.h"
#include "support/made_files.h"

namespace weigh::testing {
namespace {

std::uint64_t bits_of(std::string_view dtype) {
  static const std::map<std::string_view, std::uint64_t> bits{
      {"BOOL", 8},    {"U8", 8},      {"I8", 8},          {"F8_E4M3", 8},    {"F8_E5M2", 8}, {"F8_E8M0", 8},
      {"I16", 16},    {"U16", 16},    {"F16", 16},        {"BF16", 16},      {"I32", 32},    {"U32", 32},
      {"F32", 32},    {"F64", 64},    {"I64", 64},        {"U64", 64},       {"C64", 64},    {"F4", 4},
      {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8}};
  return bits.at(dtype);
}

std::string safetensors_of(const OrderedJson& told) {
  OrderedJson header = OrderedJson::object();
  if (told.contains("metadata")) header["__metadata__"] = told["metadata"];
  std::uint64_t end = 0;
  for (const auto& [name, tensor] : told["safetensors"].items()) {
    std::uint64_t bits = bits_of(tensor[0].get<std::string>());
    for (const OrderedJson& size : tensor[1]) bits *= size.get<std::uint64_t>();
    const std::uint64_t begin = end;
    end += bits / 8;
    header[name] = {{"dtype", tensor[0]}, {"shape", tensor[1]}, {"data_offsets", {begin, end}}};
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');
  return safetensors(text, end);
}

// Version 3, little-endian.
class Gguf {
 public:
  explicit Gguf(const OrderedJson& told) {
    const OrderedJson& tensors = told["tensors"];
    const OrderedJson& metadata = told["metadata"];
    bytes_ = "GGUF" + little<std::uint32_t>(3) + little<std::uint64_t>(tensors.size()) +
             little<std::uint64_t>(metadata.size());
    for (const auto& [key, item] : metadata.items()) {
      text(key);
      typed(item);
    }
    std::uint64_t offset = 0;
    for (const auto& [name, tensor] : tensors.items()) {
      text(name);
      bytes_ += little<std::uint32_t>(static_cast<std::uint32_t>(tensor[1].size()));
      for (const OrderedJson& size : tensor[1]) bytes_ += little(size.get<std::uint64_t>());
      bytes_ += little(tensor[0].get<std::uint32_t>()) + little(offset);
      offset += (tensor[2].get<std::uint64_t>() + 31) / 32 * 32;
    }
    bytes_.resize((bytes_.size() + 31) / 32 * 32 + offset, '\0');
  }

  std::string bytes() && { return std::move(bytes_); }

 private:
  void text(const std::string& value) { bytes_ += little<std::uint64_t>(value.size()) + value; }

  static std::uint32_t type_of(const OrderedJson& item) {
    if (item.is_boolean()) return 7;
    if (item.is_string()) return 8;
    if (item.is_array()) return 9;
    return item.is_number_integer() ? 4 : 6;
  }

  void typed(const OrderedJson& item) {
    bytes_ += little(type_of(item));
    value(item);
  }

  void value(const OrderedJson& item) {
    if (item.is_string()) return text(item.get<std::string>());
    if (item.is_boolean()) {
      bytes_ += item.get<bool>() ? '\1' : '\0';
    } else if (item.is_number_integer()) {
      bytes_ += little(item.get<std::uint32_t>());
    } else if (item.is_array()) {
      bytes_ += little(type_of(item.at(0))) + little<std::uint64_t>(item.size());
      for (const OrderedJson& each : item) value(each);
    } else {
      const float number = item.get<float>();
      bytes_.append(reinterpret_cast<const char*>(&number), sizeof number);
    }
  }

  std::string bytes_;
};

std::string bytes_of(const OrderedJson& told) {
  if (told.contains("safetensors")) return safetensors_of(told);
  if (told.contains("header")) return safetensors(told["header"].get<std::string>(), told["data"].get<std::size_t>());
  if (told.contains("gguf")) return Gguf(told["gguf"]).bytes();
  if (told.contains("json")) return told["json"].dump();
  if (told.contains("text")) return told["text"].get<std::string>();
  if (told.contains("link")) return told["link"].get<std::string>();
  return file(told.at("fixture").get<std::string>());
}

}  // namespace

std::map<std::string, std::string> case_files(const OrderedJson& files) {
  std::map<std::string, std::string> made;
  for (const auto& [name, told] : files.items()) made[name] = bytes_of(told);
  return made;
}

}  // namespace weigh::testing
