// Mixtures of experts, by the names of their modules and tensors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class ExpertsName : std::uint8_t {
  list,          // a module that holds experts by their numbers, or as the first extent of its tensors
  numbered,      // a module that holds them by their numbers, if it holds numbered modules at all
  packed_ends,   // a module whose tensors hold all experts of a layer ends so
  mixture_ends,  // a module that holds a router and experts ends so
  router,        // a module whose rows are the experts to choose among
  router_begins  // a tensor: the router of a further pool begins so, its number behind
};

struct ExpertsRow : Row {
  ExpertsName what = ExpertsName::list;
};

bool is_list_of_experts(std::string_view module);
bool may_be_numbered_experts(std::string_view module);
bool is_router(std::string_view module);
bool holds_packed_experts(std::string_view module);
bool is_mixture(std::string_view module);
// "gate.weight_1" beside "gate.weight".
bool is_router_of_another_pool(std::string_view tensor);

std::span<const ExpertsRow> experts_rows();

}  // namespace weigh::conventions
