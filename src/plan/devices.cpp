// Devices by name. Their memory is what the data sheet says, in powers of 1000, which is a little less than a driver
// reports; where error correction (ECC) takes a part of GDDR memory, what programs were told of it: what fits here fits
// there.
#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analysis/nearest.h"
#include "bytes/digits.h"
#include "plan/bounded.h"

#include "weigh/error.h"
#include "weigh/plan.h"

namespace weigh {
namespace {

constexpr std::uint64_t kMB = 1'000'000;
constexpr std::uint64_t kGB = 1'000 * kMB;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// "80gb", "24gib", "0.5tb".
std::optional<std::uint64_t> size_from(std::string_view text) {
  const std::size_t digits = std::min(text.find_first_not_of("0123456789."), text.size());
  const std::optional<double> read = real_number_of(text.substr(0, digits));
  if (!read || !(*read > 0)) return std::nullopt;
  const double number = *read;
  const std::string_view unit = text.substr(digits);
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
  for (const auto& [name, bytes] : kUnits)
    if (unit == name && number * bytes < 1e18) return static_cast<std::uint64_t>(number * bytes);
  return std::nullopt;
}

std::optional<std::uint64_t> bytes_of(std::string_view device) {
  const auto& devices = known_devices();
  const auto known =
      std::find_if(devices.begin(), devices.end(), [&](const Device& one) { return one.name == device; });
  return known != devices.end() ? std::optional(known->bytes) : size_from(device);
}

// A size as it was written, a name as the table has it.
std::string named(std::string_view written, const std::string& device) {
  return std::string(size_from(device) ? written : device);
}

bool is_count(std::optional<std::uint64_t> number) { return number && *number > 0 && *number <= kMostDevices; }

[[noreturn]] void fail(std::string_view text, std::string_view device) {
  std::vector<std::string> names;
  for (const Device& known : known_devices()) names.emplace_back(known.name);
  nearest_first(names, device);
  throw Error(ErrorKind::usage, "",
              fmt::format("'{}' is no device that is known (the nearest is '{}') and no size such as 80GB or 24GiB; "
                          "either may have x8 behind it, or 8x before it, for eight",
                          text, names.front()));
}

}  // namespace

const std::vector<Device>& known_devices() {
  static const std::vector<Device> devices = {
      {"a10", 23'500 * kMB, "NVIDIA A10 data sheet: 24 GB; ECC leaves 22 GiB (huggingface/local-gemma #25)"},
      {"a100-40gb", 40 * kGB, "NVIDIA A100 data sheet: 40 GB"},
      {"a100-80gb", 80 * kGB, "NVIDIA A100 data sheet: 80 GB"},
      {"a30", 24 * kGB, "NVIDIA A30 data sheet: 24 GB"},
      {"b200", 180 * kGB, "NVIDIA DGX B200 data sheet: 1,440 GB for eight"},
      {"gaudi2", 96 * kGB, "Intel Gaudi 2 data sheet: 96 GB"},
      {"gaudi3", 128 * kGB, "Intel Gaudi 3 data sheet: 128 GB"},
      {"h100", 80 * kGB, "NVIDIA H100 data sheet, SXM: 80 GB"},
      {"h100-nvl", 94 * kGB, "NVIDIA H100 data sheet, NVL: 94 GB"},
      {"h200", 141 * kGB, "NVIDIA H200 data sheet: 141 GB"},
      {"l4", 23'500 * kMB, "NVIDIA L4 data sheet: 24 GB; memory with ECC as the A10's"},
      {"l40", 47'600 * kMB, "NVIDIA L40 data sheet: 48 GB; ECC leaves 44.4 GiB (QwenLM/Qwen3-VL #2097)"},
      {"l40s", 47'600 * kMB, "NVIDIA L40S data sheet: 48 GB; ECC leaves 44.4 GiB (stepfun-ai/Step-Video-T2V #8)"},
      {"mi250x", 128 * kGB, "AMD Instinct MI250X data sheet: 128 GB, in two halves"},
      {"mi300x", 192 * kGB, "AMD Instinct MI300X data sheet: 192 GB"},
      {"mi325x", 256 * kGB, "AMD Instinct MI325X data sheet: 256 GB"},
      {"mi350x", 288 * kGB, "AMD Instinct MI350X data sheet: 288 GB"},
      {"mi355x", 288 * kGB, "AMD Instinct MI355X data sheet: 288 GB"},
      {"rtx3090", 24 * kGB, "NVIDIA GeForce RTX 3090: 24 GB"},
      {"rtx4090", 24 * kGB, "NVIDIA GeForce RTX 4090: 24 GB"},
      {"rtx5090", 32 * kGB, "NVIDIA GeForce RTX 5090: 32 GB"},
      {"t4", 15'600 * kMB, "NVIDIA T4 data sheet: 16 GB; ECC leaves 14.56 GiB (Zheng-Chong/CatVTON #133)"},
      {"v100-16gb", 16 * kGB, "NVIDIA V100 data sheet: 16 GB"},
      {"v100-32gb", 32 * kGB, "NVIDIA V100 data sheet: 32 GB"},
  };
  return devices;
}

Machine machine_from(std::string_view text) {
  const std::string whole = lower(text);
  if (const auto bytes = bytes_of(whole)) return {named(text, whole), *bytes, 1};
  for (const std::string_view times : {"×", "x"}) {
    const std::size_t at = whole.rfind(times);
    if (at == std::string::npos) continue;
    const std::string device = whole.substr(0, at);
    const auto bytes = bytes_of(device);
    const auto count = number_of(std::string_view(whole).substr(at + times.size()));
    if (bytes && is_count(count)) return {named(text.substr(0, at), device), *bytes, *count};
  }
  for (const std::string_view times : {"×", "x"}) {
    const std::size_t at = whole.find(times);
    if (at == std::string::npos) continue;
    const std::string device = whole.substr(at + times.size());
    const auto bytes = bytes_of(device);
    const auto count = number_of(std::string_view(whole).substr(0, at));
    if (bytes && is_count(count)) return {named(text.substr(at + times.size()), device), *bytes, *count};
  }
  fail(text, whole);
}

}  // namespace weigh
