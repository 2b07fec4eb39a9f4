// The colours of boxes, as classes with a letter each: src/render/html/treemap.css gives them a colour.
#pragma once

#include "render/html/map.h"

namespace weigh {

ShadeClass shade_of(DType dtype);
ShadeClass shade_of(Scheme scheme);
ShadeClass shade_of(Evidence evidence);
ShadeClass shade_of(Part part, Role role);
inline constexpr ShadeClass kCopyShade = {'y', "not in the totals"};
inline constexpr ShadeClass kMixedShade = {'x', ""};

}  // namespace weigh
