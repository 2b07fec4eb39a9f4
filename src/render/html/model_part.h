// The part of a page that tells of one model.
#pragma once

#include <string>

#include "weigh/render.h"

namespace weigh {

// An <article>, its name an <h2>, those of its sections <h3>.
std::string model_part(const Summary& summary, const RenderOptions& options);

}  // namespace weigh
