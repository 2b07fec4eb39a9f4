#include "conventions/packed_formats.h"

#include <algorithm>
#include <array>

namespace weigh::conventions {
namespace {

struct Format {
  std::string_view name;
  Packing packing;
};

// Ollama's quant_type, ComfyUI's format, dtypes of Quark and Nunchaku.
constexpr std::array kFormats = {
    Format{"nvfp4", {4, 16}}, Format{"mxfp4", {4, 32}},        Format{"mxfp8", {8, 32}},
    Format{"fp8", {8, 0}},    Format{"float8_e4m3fn", {8, 0}}, Format{"float8_e5m2", {8, 0}},
    Format{"fp4", {4, 0}},    Format{"fp4_e2m1", {4, 0}},      Format{"fp4_e2m1_all", {4, 0}},
};

}  // namespace

Packing packed_format(std::string_view name) {
  const auto found =
      std::find_if(kFormats.begin(), kFormats.end(), [&](const Format& one) { return one.name == name; });
  if (found != kFormats.end()) return found->packing;
  if (name.starts_with('u')) name.remove_prefix(1);
  const bool is_integer = name.starts_with("int") && name.size() == 4 && name[3] >= '1' && name[3] <= '8';
  return is_integer ? Packing{static_cast<unsigned>(name[3] - '0'), 0} : Packing{};
}

}  // namespace weigh::conventions
