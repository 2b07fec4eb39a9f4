// Integers that may be weights though no layout explains them: they make totals lower bounds.
#pragma once

#include "weigh/summary.h"

namespace weigh {

// Marks, of what find_quantized() left plain, matrices of integers of 32 bits or fewer that stand beside what looks
// like their scale, or in a model whose configuration says that it is quantised. The notes name them.
void find_unexplained(Summary& summary);

}  // namespace weigh
