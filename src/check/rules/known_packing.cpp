// known-packing: of integers in no layout that is known, and of packed weights whose width nobody tells, no count is
// exact.
#include <fmt/format.h>

#include "check/rule.h"

namespace weigh::checks {

Finding known_packing(const Subject& subject, const Gate& /*gate*/) {
  const QuantizedWeights& quantized = subject.summary.quantized;
  Finding unknown = failed("");
  for (Index i = 0; i < subject.model.tensors.size(); ++i) {
    const Part part = quantized.part(i);
    const bool is_unknown =
        part == Part::unexplained || (part == Part::packed && quantized.logical[i] == QuantizedWeights::kUnknown);
    if (is_unknown) add_place(unknown, subject.model.path_of(subject.model.tensors[i]));
  }
  if (unknown.all_places == 0) return passed("every packed tensor is understood");
  unknown.message = fmt::format("nobody knows how many weights {} tensor{} hold{}", unknown.all_places,
                                unknown.all_places == 1 ? "" : "s", unknown.all_places == 1 ? "s" : "");
  return unknown;
}

}  // namespace weigh::checks
