// Files that are no model, told apart so that the message helps.
#pragma once

#include "formats/common/glance.h"

namespace weigh {

// Throws Error(unsupported) that says what the source looks like and what to do.
[[noreturn]] void refuse_unknown(Glance& glance);

}  // namespace weigh
