#include <string>

#include <gtest/gtest.h>

#include "support/files.h"

#include "weigh/error.h"
#include "weigh/plan.h"

namespace weigh {
namespace {

std::string failure(std::string_view text) {
  try {
    (void)machine_from(text);
  } catch (const Error& error) {
    return error.message();
  }
  return "";
}

TEST(Machine, IsASizeOrAName) {
  const struct {
    const char* text;
    const char* device;
    std::uint64_t bytes;
    std::uint64_t count;
  } cases[] = {
      {"80GB", "80GB", 80'000'000'000, 1},           {"24GiB", "24GiB", 25'769'803'776, 1},
      {"0.5TB", "0.5TB", 500'000'000'000, 1},        {"80GBx8", "80GB", 80'000'000'000, 8},
      {"80gb×16", "80gb", 80'000'000'000, 16},       {"H100x8", "h100", 80'000'000'000, 8},
      {"rtx4090", "rtx4090", 24'000'000'000, 1},     {"rtx4090x2", "rtx4090", 24'000'000'000, 2},
      {"a100-40gb", "a100-40gb", 40'000'000'000, 1}, {"8xH100", "h100", 80'000'000'000, 8},
      {"2×80GB", "80GB", 80'000'000'000, 2},         {"2xrtx4090", "rtx4090", 24'000'000'000, 2},
  };
  for (const auto& one : cases) {
    const Machine machine = machine_from(one.text);
    EXPECT_EQ(machine.device, one.device) << one.text;
    EXPECT_EQ(machine.bytes, one.bytes) << one.text;
    EXPECT_EQ(machine.count, one.count) << one.text;
  }
}

TEST(Machine, OfNoSuchNameIsRefusedWithTheNearest) {
  EXPECT_EQ(
      failure("h20"),
      "'h20' is no device that is known (the nearest is 'h200') and no size such as 80GB or 24GiB; either may have "
      "x8 behind it, or 8x before it, for eight");
  for (const char* text : {"", "x8", "80", "80XB", "-5GB", "0GB", "nanGB", "infGB", "1e300GB", "80GBx0", "80GBx",
                           "80GBx99999999999999999999", "80GBx1000001"})
    EXPECT_NE(failure(text), "") << text;
}

TEST(Machine, KnowsEachDeviceWithASource) {
  std::string before;
  const std::string page = testing::read_file(WEIGH_SOURCE "/docs/plan.md");
  for (const Device& device : known_devices()) {
    EXPECT_LT(before, device.name);
    EXPECT_NE(page.find("`" + std::string(device.name) + "`"), std::string::npos) << device.name;
    EXPECT_NE(device.source, "");
    EXPECT_EQ(machine_from(device.name).bytes, device.bytes) << device.name;
    before = device.name;
  }
}

}  // namespace
}  // namespace weigh
