// initialized: a parameter without shape or memory counts as nothing in most tools, and trains as nothing. A tensor
// that lies in a file that is not there is undecided.
#include <fmt/format.h>

#include "check/rule.h"

namespace weigh::checks {

Finding initialized(const Subject& subject, const Gate& /*gate*/) {
  const Model& model = subject.model;
  Finding bad = failed("");
  Finding open = undecided("");
  for (const Tensor& tensor : model.tensors) {
    if (tensor.state == State::uninitialised || tensor.state == State::meta) add_place(bad, model.path_of(tensor));
    if (tensor.state == State::missing) add_place(open, model.path_of(tensor));
  }
  if (bad.all_places > 0) {
    bad.message = bad.all_places == 1 ? "1 tensor is not initialised"
                                      : fmt::format("{} tensors are not initialised", bad.all_places);
    return bad;
  }
  if (open.all_places > 0) {
    open.message = fmt::format("of {} tensors nothing is known: their files are missing", open.all_places);
    return open;
  }
  return passed(fmt::format("all {} tensors are initialised", model.tensors.size()));
}

}  // namespace weigh::checks
