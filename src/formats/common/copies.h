// Parts of a checkpoint that are another part once more: exponential and stochastic averages of its weights, and the
// moments that an optimizer keeps of each.
#pragma once

#include "weigh/model.h"

namespace weigh {

// Marks modules that are named like an average, or like moments, and whose parameters have the names and shapes of
// those beside them: in a module beside, or in the one above. Names are compared without dots, which some leave out
// ("model_ema.diffusion_modelout2weight"), and without what all of a part's names begin with ("module."). Each becomes
// a section, which is in no total. A copy may lack some parameters, since what is frozen is not averaged.
void mark_copies(Model& model);

}  // namespace weigh
