// The manual page.
#pragma once

#include <string>

namespace weigh::cli {

// For `man`: roff, with the macros of man(7).
std::string manual_page();

}  // namespace weigh::cli
