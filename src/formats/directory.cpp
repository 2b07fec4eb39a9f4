#include "formats/directory.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "formats/gguf.h"
#include "formats/registry.h"

#include "weigh/error.h"

namespace weigh {
namespace {

constexpr std::size_t kMostNamed = 5;

std::string list(const std::vector<std::string>& names) {
  std::string text;
  for (std::size_t i = 0; i < names.size() && i < kMostNamed; ++i) text += (i == 0 ? "" : ", ") + names[i];
  if (names.size() > kMostNamed) text += fmt::format(" and {} more", names.size() - kMostNamed);
  return text;
}

template <class Keep>
std::vector<std::string> select(const std::vector<std::string>& names, Keep&& keep) {
  std::vector<std::string> kept;
  std::copy_if(names.begin(), names.end(), std::back_inserter(kept), keep);
  return kept;
}

// "model-00001-of-00002.safetensors" and "model-00002-of-00002.safetensors": alike but for the first number.
std::string without_number(std::string_view name) {
  const std::size_t of = name.rfind("-of-");
  if (of == std::string_view::npos) return std::string(name);
  const std::size_t dash = name.rfind('-', of - 1);
  return std::string(name.substr(0, dash == std::string_view::npos ? 0 : dash)) + std::string(name.substr(of));
}

// "pytorch_model-00001-of-00002.bin"
bool is_bin_part(std::string_view name) {
  return name.ends_with(".bin") && name.find("-of-") != std::string_view::npos;
}

bool has_known_format(const Folder& folder, const std::string& name) {
  const std::unique_ptr<Source> source = folder.open(name);
  Glance glance(*source);
  const auto table = format_table();
  return std::any_of(table.begin(), table.end(), [&](const Format& format) { return format.matches(glance); });
}

[[noreturn]] void fail_several(const Folder& folder, const std::vector<std::string>& names) {
  throw Error(ErrorKind::unsupported, folder.label(),
              fmt::format("holds {} models side by side ({}); name one of them", names.size(), list(names)));
}

}  // namespace

DirectoryPlan plan_directory(const Folder& folder) {
  const std::vector<std::string> names = folder.names();
  const auto indices = select(names, [](std::string_view name) { return name.ends_with(".safetensors.index.json"); });
  if (indices.size() > 1) fail_several(folder, indices);
  if (indices.size() == 1) return {indices.front(), {}};

  const auto shards = select(names, [](std::string_view name) { return name.ends_with(".safetensors"); });
  const bool is_one_model = std::all_of(shards.begin(), shards.end(), [&](const std::string& name) {
    return without_number(name) == without_number(shards.front());
  });
  if (shards.size() > 1 && !is_one_model) fail_several(folder, shards);
  if (!shards.empty() && shards.front().find("-of-") != std::string::npos) return {"", shards};
  if (!shards.empty()) return {shards.front(), {}};

  const auto bins = select(names, [](std::string_view name) { return name.ends_with(".bin.index.json"); });
  if (bins.size() > 1) fail_several(folder, bins);
  if (bins.size() == 1) return {bins.front(), {}};
  const auto parts = select(names, is_bin_part);
  const bool are_one_model = std::all_of(parts.begin(), parts.end(), [&](const std::string& name) {
    return without_number(name) == without_number(parts.front());
  });
  if (!parts.empty() && are_one_model) return {"", parts};

  const auto models = select(names, [&](const std::string& name) { return has_known_format(folder, name); });
  const bool are_parts = std::all_of(models.begin(), models.end(), [&](const std::string& name) {
    return is_gguf_part(name) && without_number(name) == without_number(models.front());
  });
  if (are_parts && !models.empty()) return {models.front(), {}};
  if (models.size() > 1) fail_several(folder, models);
  if (models.size() == 1) return {models.front(), {}};
  throw Error(
      ErrorKind::unsupported, folder.label(),
      names.empty() ? "is a directory without files" : fmt::format("is a directory without a model: {}", list(names)));
}

}  // namespace weigh
