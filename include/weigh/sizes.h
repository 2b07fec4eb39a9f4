// Sizes for what is unknown: an example input for a file.
#pragma once

#include <string>
#include <vector>

#include "weigh/model.h"

namespace weigh {

// Puts sizes in the place of unknown ones, in every shape and count of the model, and adds them to Model::given: what
// is then said of the model holds for these sizes. No file is changed, and what is not initialised stays so.
//
// A name is that of an unknown size, or of layers and a size, as expressions show it: "in" is every `in`, "conv1.in"
// that of the layer conv1 alone, wherever it stands; where several fit, the longest holds. A size that is an expression
// of others ("words + 16") follows from theirs; where not all of them are given, it stays unknown.
//
// Throws Error(usage), and leaves the model as it was, for a name that does not occur, a name with two sizes, a size
// above Extent::kMax, and where a shape, its bytes or a count of operations becomes negative or a fraction, or exceeds
// 64 bits.
void set_sizes(Model& model, const std::vector<GivenSize>& sizes);

// Names of the sizes that are unknown, as `set_sizes` takes them, each once: "in" of the root, "conv1.in" of a layer.
std::vector<std::string> unknown_sizes(const Model& model);

}  // namespace weigh
