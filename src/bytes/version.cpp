#include "weigh/version.h"

namespace weigh {

std::string_view version() noexcept { return WEIGH_VERSION; }

}  // namespace weigh
