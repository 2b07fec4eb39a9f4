#include "weigh/torch/uninitialized.h"

#include <algorithm>

#include "nn/observer.h"
#include "nn/uninitialized_impl.h"

#include "weigh/error.h"

namespace weigh::nn {

UninitializedParameter::UninitializedParameter(torch::TensorOptions options, bool requires_grad)
    : torch::Tensor(make_uninitialized(options, {})) {
  set_requires_grad(requires_grad);
}

UninitializedBuffer::UninitializedBuffer(torch::TensorOptions options)
    : torch::Tensor(make_uninitialized(options, {.owner = {}, .name = {}, .is_buffer = true})) {}

bool is_uninitialized(const torch::Tensor& tensor) { return uninitialized_impl(tensor) != nullptr; }

bool has_uninitialized(const torch::nn::Module& module) {
  return std::ranges::any_of(module.parameters(), is_uninitialized) ||
         std::ranges::any_of(module.buffers(), is_uninitialized);
}

void materialize(torch::Tensor& tensor, torch::IntArrayRef shape, torch::TensorOptions options) {
  const UninitializedImpl* impl = uninitialized_impl(tensor);
  Observer* observer = Observer::current();
  const bool is_dry = observer && observer->is_dry();
  if (!impl || (is_dry && observer->twin(tensor).defined()))
    throw Error(ErrorKind::usage, impl ? impl->name().owner : "",
                (impl ? impl->name().text() : "a tensor") + " is initialised already: it cannot be materialised again");
  options = impl->options().merge_in(options);
  if (is_dry) {
    observer->fix(tensor, shape, options);
    return;
  }
  // Made outside of inference mode, so that it can be trained later whoever runs the first forward.
  const c10::InferenceMode normal(false);
  const torch::NoGradGuard no_grad;
  tensor.set_data(torch::empty(shape, options));
}

}  // namespace weigh::nn
