#include "weigh/torch/lazy_module.h"

#include <algorithm>

#include <c10/util/Type.h>

#include "nn/observer.h"
#include "nn/text.h"
#include "nn/uninitialized_impl.h"

#include "weigh/error.h"

namespace weigh::nn {

namespace {

Observer* dry_observer() {
  Observer* observer = Observer::current();
  return observer && observer->is_dry() ? observer : nullptr;
}

bool is_fixed(const torch::Tensor& tensor) {
  if (!is_uninitialized(tensor)) return true;
  const Observer* observer = dry_observer();
  return observer && (observer->is_dropped(tensor) || observer->twin(tensor).defined());
}

}  // namespace

torch::Tensor LazyLayer::declare_parameter(const std::string& name, torch::TensorOptions options, bool requires_grad) {
  declared_.insert(name);
  is_complete_ = false;
  if (dropped_.contains(name)) return as_module().register_parameter(name, {}, false);
  const TensorName full_name{.owner = type_name(), .name = name, .is_buffer = false};
  return as_module().register_parameter(name, make_uninitialized(options, full_name), requires_grad);
}

torch::Tensor LazyLayer::declare_buffer(const std::string& name, torch::TensorOptions options) {
  declared_.insert(name);
  is_complete_ = false;
  const TensorName full_name{.owner = type_name(), .name = name, .is_buffer = true};
  return as_module().register_buffer(name, make_uninitialized(options, full_name));
}

void LazyLayer::materialize(torch::Tensor& tensor, torch::IntArrayRef shape, torch::TensorOptions options) {
  if (!is_fixed(tensor)) return nn::materialize(tensor, shape, options);
  if (tensor.sizes() != shape)
    fail("a tensor shared with another layer, or loaded, has the shape " + to_text(tensor.sizes()) +
         ", but this input asks for " + to_text(shape));
}

void LazyLayer::drop(const torch::Tensor& parameter) {
  if (Observer* observer = dry_observer()) return observer->drop(parameter);
  for (const auto& own : as_module().named_parameters(false))
    if (own.value().is_same(parameter)) dropped_.insert(own.key());
  replace(parameter, torch::Tensor());
}

void LazyLayer::replace(const torch::Tensor& parameter, const torch::Tensor& by) {
  for (const auto& own : as_module().named_parameters(false))
    if (own.value().is_same(parameter)) replace_parameter(own.key(), by);
  is_complete_ = false;
}

bool LazyLayer::has(const torch::Tensor& parameter) const {
  if (!parameter.defined()) return false;
  if (const Observer* observer = dry_observer(); observer && observer->is_dropped(parameter)) return false;
  if (dropped_.empty()) return true;
  const auto own = as_module().named_parameters(false);
  return std::ranges::any_of(own, [&](const auto& one) { return one.value().is_same(parameter); });
}

std::string LazyLayer::type_name() const {
  std::string name = c10::demangle(type().name());
  if (name.ends_with("Impl")) name.resize(name.size() - 4);
  return name;
}

void LazyLayer::fail(const std::string& message) const { throw Error(ErrorKind::usage, type_name(), message); }

torch::OrderedDict<std::string, torch::Tensor> LazyLayer::own_tensors() const {
  auto tensors = as_module().named_parameters(false);
  tensors.update(as_module().named_buffers(false));
  return tensors;
}

// Asked by every forward: looks at the tensors only as long as one may lack its shape.
bool LazyLayer::lacks_shapes() {
  if (is_complete_) return false;
  const auto tensors = own_tensors();
  is_complete_ = std::ranges::none_of(tensors, [](const auto& own) { return is_uninitialized(own.value()); });
  return !std::ranges::all_of(tensors, [](const auto& own) { return is_fixed(own.value()); });
}

void LazyLayer::initialize_from(const std::map<std::string, FixedTensor>& tensors) {
  if (!lacks_shapes()) return;
  if (values_need_inputs())
    fail("its initial values are computed from inputs, which a dry run has not; run a forward, or Forward::real");
  Initialization initialization(*this);
  for (auto& own : own_tensors()) {
    const auto known = tensors.find(own.key());
    if (known == tensors.end() && !is_uninitialized(own.value())) continue;
    if (known == tensors.end()) fail("the shape of " + own.key() + " is not known");
    if (known->second.is_dropped)
      drop(own.value());
    else
      materialize(own.value(), known->second.shape, known->second.options);
  }
  initialization.draw_values();
  initialization.finish();
}

LazyLayer::Initialization::Initialization(LazyLayer& layer) : layer_(layer), is_dry_(dry_observer() != nullptr) {
  for (const auto& own : layer.own_tensors())
    if (!is_fixed(own.value())) lacking_.emplace_back(own.key(), own.value());
}

void LazyLayer::Initialization::draw_values() {
  for (const auto& [name, tensor] : lacking_)
    if (!is_fixed(tensor) && !layer_.dropped_.contains(name))
      layer_.fail("initialize_parameters left " + name + " without a shape; materialise or drop it there");
  if (!is_dry_) layer_.reset_lacking(lacking_);
}

void LazyLayer::Initialization::finish() {
  is_finished_ = true;
  if (Observer* observer = Observer::current()) observer->initialized(layer_.as_module());
}

LazyLayer::Initialization::~Initialization() {
  if (is_finished_ || is_dry_) return;
  for (const auto& [name, tensor] : lacking_) {
    forget(tensor);
    if (layer_.dropped_.erase(name)) layer_.replace_parameter(name, tensor);
  }
}

// Draws values for what had no shape. Other declared tensors belong to another layer, too, or were loaded: they keep
// their values, and their versions, since a graph of that layer's forward may wait for its backward.
void LazyLayer::reset_lacking(const std::vector<std::pair<std::string, torch::Tensor>>& lacking) {
  struct Kept {
    torch::Tensor tensor, values;
    c10::VariableVersion version;
  };
  std::vector<Kept> kept;
  for (const auto& own : own_tensors()) {
    const torch::Tensor& tensor = own.value();
    if (!declared_.contains(own.key())) continue;
    if (std::ranges::any_of(lacking, [&](const auto& one) { return one.second.is_same(tensor); })) continue;
    kept.push_back({tensor, tensor.clone(), tensor.unsafeGetTensorImpl()->version_counter()});
    tensor.unsafeGetTensorImpl()->set_version_counter(c10::VariableVersion(/*version=*/0));
  }
  const auto restore = [&] {
    for (const auto& [tensor, values, version] : kept) {
      tensor.copy_(values);
      tensor.unsafeGetTensorImpl()->set_version_counter(version);
    }
  };
  try {
    reset_parameters();
  } catch (...) {
    restore();
    throw;
  }
  restore();
}

}  // namespace weigh::nn
