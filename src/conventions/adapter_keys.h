// What adapter_config.json of PEFT calls the facts that count.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class AdapterFact : std::uint8_t {
  type,
  base,  // the model that it is for: a path, or a name on the hub
  rank,
  alpha,
  targets,  // modules that are adapted: names, or one expression for their paths
};

struct AdapterKeyRow : Row {
  AdapterFact fact = AdapterFact::type;
};

std::optional<AdapterFact> adapter_fact(std::string_view key);
// The module that PEFT puts around the base: adapted modules have their own path below it.
std::string_view adapter_prefix();

std::span<const AdapterKeyRow> adapter_key_rows();

}  // namespace weigh::conventions
