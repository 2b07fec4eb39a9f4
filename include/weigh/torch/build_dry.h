// Models that are too large to be made: their constructors run, but allocate nothing and draw no random numbers.
//
//   auto net = weigh::build_dry([] { return Llama70B(); });
//   weigh::Model model = weigh::describe(net, tokens);
//
// The parameters have shapes and no data (device "meta"). Made on one thread at a time, by the calls inside of `make`.
#pragma once

#include <memory>
#include <type_traits>

namespace weigh {
namespace detail {

// For its life, operators of this thread make tensors without memory.
class DryBuilding {
 public:
  DryBuilding();
  ~DryBuilding();
  DryBuilding(const DryBuilding&) = delete;
  DryBuilding& operator=(const DryBuilding&) = delete;

 private:
  class Builder;
  std::unique_ptr<Builder> builder_;
};

}  // namespace detail

// What `make` returns. Throws what it throws; weigh::Error(unsupported) where it reads a value of a tensor.
template <class Make>
std::invoke_result_t<Make> build_dry(Make&& make) {
  const detail::DryBuilding building;
  return make();
}

}  // namespace weigh
