// What both bills of materials tell of a model: docs/sbom.md.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "weigh/summary.h"

namespace weigh {

// A model, without its summary.
struct BillEntry {
  std::string name;                                             // short_name
  std::string architecture;                                     // "" where not known
  std::vector<std::pair<std::string, std::string>> properties;  // "weighbridge:parameters", "306"; a name may recur
};
BillEntry bill_entry(const Summary& summary);

// "2026-11-30T17:00:00Z"
std::string iso_time(std::uint64_t seconds_since_1970);

}  // namespace weigh
