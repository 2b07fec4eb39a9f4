#include "formats/tensorflow/signatures.h"

#include <utility>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "bytes/shown.h"
#include "formats/tensorflow/bundle.h"

#include "weigh/dtype.h"

namespace weigh::tensorflow {
namespace {

constexpr std::size_t kMostSignatures = 20;
constexpr std::size_t kMostTensors = 100;
constexpr std::size_t kMostShown = 8;
constexpr std::int64_t kString = 7;

std::string type_text(std::int64_t type) {
  if (type == kString) return "string";
  const DType dtype = dtype_of(static_cast<std::uint64_t>(type));
  return dtype == DType::unknown ? fmt::format("type {}", type) : std::string(name(dtype));
}

std::string shape_text(ProtoMessage message, const Limits& limits) {
  std::vector<std::string> sizes;
  bool has_rank = true;
  while (message.next()) {
    if (message.number() == 3) has_rank = message.varint() == 0;
    if (message.number() != 2 || sizes.size() > limits.dimensions) continue;
    std::int64_t size = 0;
    ProtoMessage dimension = message.message("TensorShapeProto.Dim");
    while (dimension.next())
      if (dimension.number() == 1) size = dimension.integer();
    sizes.push_back(size < 0 ? "?" : fmt::to_string(size));
  }
  if (!has_rank || sizes.size() > limits.dimensions) return "?";
  return fmt::format("[{}]", fmt::join(sizes, ", "));
}

std::string tensor_text(ProtoMessage info, const Limits& limits) {
  std::int64_t type = 0;
  std::string shape = "?";
  const char* kind = "";
  while (info.next()) {
    switch (info.number()) {
      case 2: type = info.integer(); break;
      case 3: shape = shape_text(info.message("TensorShapeProto"), limits); break;
      case 4: kind = " sparse"; break;
      case 5: return "of several tensors";
      default: break;
    }
  }
  return fmt::format("{}{} {}", type_text(type), kind, shape);
}

using Tensors = std::map<std::string, std::string>;

void add_tensor(ProtoMessage entry, const Limits& limits, Tensors& tensors) {
  std::string name;
  std::string text;
  while (entry.next()) {
    if (entry.number() == 1) name = entry.head(kShownText);
    if (entry.number() == 2) text = tensor_text(entry.message("TensorInfo"), limits);
  }
  if (tensors.size() < kMostTensors) tensors.emplace(std::move(name), std::move(text));
}

std::string text_of(const Tensors& tensors) {
  std::string text;
  std::size_t count = 0;
  for (const auto& [name, told] : tensors)
    if (count++ < kMostShown) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", name, told);
  if (count > kMostShown) text += ", …";
  return text;
}

}  // namespace

void add_signature(ProtoMessage entry, const Limits& limits, Signatures& signatures) {
  std::string name;
  Tensors inputs;
  Tensors outputs;
  while (entry.next()) {
    if (entry.number() == 1) name = entry.head(kShownText);
    if (entry.number() != 2) continue;
    ProtoMessage signature = entry.message("SignatureDef");
    while (signature.next()) {
      if (signature.number() == 1) add_tensor(signature.message("SignatureDef.inputs"), limits, inputs);
      if (signature.number() == 2) add_tensor(signature.message("SignatureDef.outputs"), limits, outputs);
    }
  }
  if (name.starts_with("__saved_model_") || signatures.size() >= kMostSignatures) return;
  signatures.emplace(std::move(name), Signature{text_of(inputs), text_of(outputs)});
}

}  // namespace weigh::tensorflow
