// Devices by name. Their memory is what the data sheet says, in powers of 1000: a little less than a driver reports, so
// that what fits here fits there.
#include <algorithm>
#include <charconv>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "analysis/nearest.h"
#include "bytes/checked.h"

#include "weigh/error.h"
#include "weigh/plan.h"

namespace weigh {
namespace {

constexpr std::uint64_t kGB = 1'000'000'000;

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// "80gb", "24gib", "0.5tb".
std::optional<std::uint64_t> size_from(std::string_view text) {
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number > 0)) return std::nullopt;
  const std::string_view unit = text.substr(static_cast<std::size_t>(end - text.data()));
  constexpr std::pair<std::string_view, double> kUnits[] = {
      {"mb", 1e6}, {"gb", 1e9}, {"tb", 1e12}, {"mib", 1048576.0}, {"gib", 1073741824.0}, {"tib", 1099511627776.0}};
  for (const auto& [name, bytes] : kUnits)
    if (unit == name && number * bytes < 1e18) return static_cast<std::uint64_t>(number * bytes);
  return std::nullopt;
}

[[noreturn]] void fail(std::string_view text, std::string_view device) {
  std::vector<std::string> names;
  for (const Device& known : known_devices()) names.emplace_back(known.name);
  nearest_first(names, device);
  throw Error(ErrorKind::usage, "",
              fmt::format("'{}' is no device that is known (the nearest is '{}') and no size such as 80GB or 24GiB; "
                          "either may have x8 behind it for eight of them",
                          text, names.front()));
}

}  // namespace

const std::vector<Device>& known_devices() {
  static const std::vector<Device> devices = {
      {"a10", 24 * kGB, "NVIDIA A10 data sheet: 24 GB"},
      {"a100-40gb", 40 * kGB, "NVIDIA A100 data sheet: 40 GB"},
      {"a100-80gb", 80 * kGB, "NVIDIA A100 data sheet: 80 GB"},
      {"gaudi2", 96 * kGB, "Intel Gaudi 2 data sheet: 96 GB"},
      {"gaudi3", 128 * kGB, "Intel Gaudi 3 data sheet: 128 GB"},
      {"h100", 80 * kGB, "NVIDIA H100 data sheet, SXM: 80 GB"},
      {"h100-nvl", 94 * kGB, "NVIDIA H100 data sheet, NVL: 94 GB"},
      {"h200", 141 * kGB, "NVIDIA H200 data sheet: 141 GB"},
      {"l4", 24 * kGB, "NVIDIA L4 data sheet: 24 GB"},
      {"l40s", 48 * kGB, "NVIDIA L40S data sheet: 48 GB"},
      {"mi250x", 128 * kGB, "AMD Instinct MI250X data sheet: 128 GB, in two halves"},
      {"mi300x", 192 * kGB, "AMD Instinct MI300X data sheet: 192 GB"},
      {"mi325x", 256 * kGB, "AMD Instinct MI325X data sheet: 256 GB"},
      {"rtx3090", 24 * kGB, "NVIDIA GeForce RTX 3090: 24 GB"},
      {"rtx4090", 24 * kGB, "NVIDIA GeForce RTX 4090: 24 GB"},
      {"rtx5090", 32 * kGB, "NVIDIA GeForce RTX 5090: 32 GB"},
      {"t4", 16 * kGB, "NVIDIA T4 data sheet: 16 GB"},
      {"v100-16gb", 16 * kGB, "NVIDIA V100 data sheet: 16 GB"},
      {"v100-32gb", 32 * kGB, "NVIDIA V100 data sheet: 32 GB"},
  };
  return devices;
}

Machine machine_from(std::string_view text) {
  const std::string whole = lower(text);
  std::string_view device = whole;
  Machine machine;
  for (const std::string_view times : {"×", "x"}) {
    const std::size_t at = device.rfind(times);
    if (at == std::string_view::npos || at == 0) continue;
    const std::string_view number = device.substr(at + times.size());
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), machine.count);
    if (error != std::errc() || end != number.data() + number.size() || number.empty()) {
      machine.count = 1;  // "rtx4090" has an x, too
      continue;
    }
    device = device.substr(0, at);
    break;
  }
  constexpr std::uint64_t kMostDevices = 1'000'000;
  if (machine.count == 0 || machine.count > kMostDevices) fail(text, device);
  machine.device = std::string(device);
  const auto& devices = known_devices();
  const auto known =
      std::find_if(devices.begin(), devices.end(), [&](const Device& candidate) { return candidate.name == device; });
  if (known != devices.end()) {
    machine.bytes = known->bytes;
  } else if (const auto bytes = size_from(device)) {
    machine.bytes = *bytes;
    machine.device = std::string(text.substr(0, device.size()));
  } else {
    fail(text, device);
  }
  return machine;
}

}  // namespace weigh
