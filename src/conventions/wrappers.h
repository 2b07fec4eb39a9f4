// Modules that wrap another and put themselves into the names of what it holds.
#pragma once

#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

struct WrapperRow : Row {};

bool is_wrapper(std::string_view module);

std::span<const WrapperRow> wrapper_rows();

}  // namespace weigh::conventions
