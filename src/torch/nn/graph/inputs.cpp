#include "weigh/torch/graph/inputs.h"

namespace weigh::nn {

std::ostream& operator<<(std::ostream& stream, const Channels& channels) {
  if (!channels.is_pair) return stream << channels.first;
  return stream << "(" << channels.first << ", " << channels.second << ")";
}

const char* to_string(Reduce reduce) {
  switch (reduce) {
    case Reduce::add: return "add";
    case Reduce::mean: return "mean";
    case Reduce::max: return "max";
    case Reduce::min: return "min";
    case Reduce::mul: return "mul";
  }
  return "";
}

}  // namespace weigh::nn
