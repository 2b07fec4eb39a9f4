// What a forward keeps for the backward pass.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "plan/pieces.h"
#include "plan/sharing.h"

#include "weigh/plan.h"

namespace weigh {

struct Activations {
  std::optional<PlanLine> line;
  std::string not_counted;  // what the line leaves out; empty: nothing
};

// Of a model that was seen to run, what its operators returned; else of a language model what is known without. Numbers
// of it take `element` bytes.
Activations activations_of(const Summary& summary, const Pieces& pieces, const Sharing& sharing,
                           const PlanOptions& options, std::uint64_t element);

}  // namespace weigh
