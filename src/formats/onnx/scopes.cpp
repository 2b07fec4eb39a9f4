#include "formats/onnx/scopes.h"

#include <algorithm>
#include <array>

namespace weigh {
namespace {

// "a/b/c" as "a.b.c"; a part that begins with the one before it and a dot goes on from there.
std::string joined(std::string_view slashed) {
  std::string path;
  std::string_view before;
  while (!slashed.empty()) {
    const std::string_view part = slashed.substr(0, slashed.find('/'));
    slashed.remove_prefix(std::min(part.size() + 1, slashed.size()));
    if (part.empty()) continue;
    std::string_view own = part;
    if (!before.empty() && part.size() > before.size() + 1 && part.starts_with(before) && part[before.size()] == '.')
      own.remove_prefix(before.size() + 1);
    path.append(path.empty() ? "" : ".").append(own);
    before = part;
  }
  return path;
}

}  // namespace

std::string onnx_scope_of_node(std::string_view name) {
  const std::size_t slash = name.rfind('/');
  return slash == std::string_view::npos ? "" : joined(name.substr(0, slash));
}

bool has_onnx_scope(std::string_view tensor) {
  if (tensor.starts_with('/')) return true;
  const std::size_t place = tensor.find_first_of("./", 1);
  return place != std::string_view::npos && place + 1 < tensor.size();
}

std::string onnx_path_of(std::string_view tensor) {
  return tensor.find('/') == std::string_view::npos ? std::string(tensor) : joined(tensor);
}

bool is_onnx_generated(std::string_view name) {
  if (name.starts_with('/') || name.find("::") != std::string_view::npos) return true;
  constexpr std::array<std::string_view, 5> kStems = {"", "val", "const", "constant", "Constant"};
  const std::string_view stem = name.substr(0, std::min(name.find_first_of("_0123456789"), name.size()));
  const bool is_numbered =
      name.size() > stem.size() && name.substr(stem.size()).find_first_not_of("_0123456789") == std::string_view::npos;
  return (is_numbered && std::find(kStems.begin(), kStems.end(), stem) != kStems.end()) ||
         name.find("Constant_output_") != std::string_view::npos || name.starts_with("scalar_tensor_default");
}

std::vector<std::string> python_list(std::string_view text) {
  std::vector<std::string> items;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char quote = text[i];
    if (quote != '\'' && quote != '"') continue;
    std::string& item = items.emplace_back();
    for (++i; i < text.size() && text[i] != quote; ++i) {
      if (text[i] == '\\' && i + 1 < text.size()) ++i;
      item += text[i];
    }
  }
  return items;
}

}  // namespace weigh
