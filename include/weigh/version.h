// The version that program, library, Python package and documents share.
#pragma once

#include <string_view>

namespace weigh {

std::string_view version() noexcept;  // "0.1.0"

}  // namespace weigh
