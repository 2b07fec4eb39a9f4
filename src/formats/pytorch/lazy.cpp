#include "formats/pytorch/lazy.h"

#include <optional>
#include <string>
#include <vector>

namespace weigh::pytorch {
namespace {

void add_attribute(LayerFacts& facts, std::string_view name, Value value) {
  using Of = LayerAttribute::Kind;
  if (value.is(Kind::integer)) facts.attributes.push_back({std::string(name), Of::number, {integer_or(value, -1)}});
  if (value.is(Kind::boolean)) facts.attributes.push_back({std::string(name), Of::truth, {value.boolean() ? 1 : 0}});
  if (!value.is(Kind::tuple) && !value.is(Kind::list)) return;
  LayerAttribute attribute{std::string(name), value.is(Kind::tuple) ? Of::tuple : Of::list, {}};
  for (const Value item : value.items()) attribute.numbers.push_back(integer_or(item, -1));
  facts.attributes.push_back(std::move(attribute));
}

// Those that the tables of known layers ask for are few; a list may be long, so that no other is copied.
LayerFacts facts_of(Value module) {
  LayerFacts facts;
  const std::string_view global = class_of(module);
  facts.classes.push_back({std::string(global.substr(0, global.find(' '))), std::string(short_class_name(global))});
  for (const std::string_view name : conventions::kAskedAttributes) add_attribute(facts, name, attribute(module, name));
  return facts;
}

}  // namespace

void LazyShapes::complete(Index tensor, const Layer& layer, std::string_view name) {
  const LayerFacts own = facts_of(layer.module);
  const LayerFacts parent = facts_of(layer.parent);
  const conventions::Layer known{&own, layer.index, &parent, layer.parent_index, layer.name};
  if (const conventions::Shape shape = known_.of(known, name)) assembler_.set_shape(tensor, *shape);
}

void LazyShapes::complete_beside_bias(Index module) {
  Model& model = assembler_.model();
  Index weight = kNone;
  std::optional<std::vector<Extent>> bias;
  for (Index i = model.modules[module].first_tensor; i != kNone; i = model.tensors[i].next) {
    const Tensor& tensor = model.tensors[i];
    std::string_view name = tensor.name;
    if (name == "weight" && tensor.state == State::uninitialised) {
      weight = i;
    } else if (name == "bias" && tensor.state != State::uninitialised && tensor.rank_known()) {
      bias.emplace(model.shape_begin(tensor), model.shape_end(tensor));
    } else {
      return;  // some other layer (SplineConv has a kernel_size besides)
    }
  }
  if (weight == kNone || !bias || bias->empty() || bias->size() > 2) return;
  std::vector<Extent> shape = {bias->front(), known_.unknown(module, "in")};
  if (bias->size() == 2) shape.push_back(bias->back());  // HeteroLinear: weight [types, in, out], bias [types, out]
  assembler_.set_shape(weight, shape);
}

}  // namespace weigh::pytorch
