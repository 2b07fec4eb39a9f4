// What differs between two models, with both, as a page.
#pragma once

#include <cstddef>
#include <string>

#include "weigh/diff.h"

namespace weigh {

std::string diff_page(const Diff& diff, const RenderOptions& options, std::size_t most);

}  // namespace weigh
