#include "dry_run/script/construct.h"

#include <algorithm>

namespace weigh::dry_run {
namespace {

namespace jit = torch::jit;
namespace prim = c10::prim;
using c10::IValue;

IValue list_of(const std::vector<IValue>& items, const c10::ListType& type) {
  c10::impl::GenericList list(type.getElementType());
  for (const IValue& item : items) list.push_back(item);
  return list;
}

// Keys and values in turn.
IValue dictionary_of(const std::vector<IValue>& items, const c10::DictType& type) {
  c10::impl::GenericDict dictionary(type.getKeyType(), type.getValueType());
  for (std::size_t i = 0; i + 1 < items.size(); i += 2) dictionary.insert_or_assign(items[i], items[i + 1]);
  return dictionary;
}

IValue tuple_of(std::vector<IValue> items, const c10::TupleTypePtr& type) {
  return type->name() ? c10::ivalue::Tuple::createNamed(std::move(items), type)
                      : c10::ivalue::Tuple::create(std::move(items));
}

IValue object_of(const c10::ClassTypePtr& type) {
  return c10::ivalue::Object::create(c10::StrongTypePtr(type->compilation_unit(), type), type->numAttributes());
}

std::vector<IValue> elements_of(const IValue& tuple) {
  const auto& elements = tuple.toTupleRef().elements();
  std::vector<IValue> copy;
  for (const IValue& element : elements) copy.push_back(element);
  return copy;
}

std::vector<IValue> slice(const IValue& tuple, std::int64_t begin, std::int64_t end) {
  const std::vector<IValue> elements = elements_of(tuple);
  return {elements.begin() + begin, elements.begin() + end};
}

bool is_instance(const IValue& value, const std::vector<c10::TypePtr>& types) {
  return std::any_of(types.begin(), types.end(),
                     [type = value.type()](const c10::TypePtr& candidate) { return type->isSubtypeOf(*candidate); });
}

}  // namespace

std::optional<std::vector<IValue>> construct(const jit::Node& node, const std::vector<IValue>& inputs) {
  using Values = std::vector<IValue>;
  auto type = [&] { return node.output()->type(); };
  if (node.kind() == prim::ListConstruct) return Values{list_of(inputs, type()->expectRef<c10::ListType>())};
  if (node.kind() == prim::DictConstruct) return Values{dictionary_of(inputs, type()->expectRef<c10::DictType>())};
  if (node.kind() == prim::TupleConstruct) return Values{tuple_of(inputs, type()->expect<c10::TupleType>())};
  if (node.kind() == prim::CreateObject) return Values{object_of(type()->expect<c10::ClassType>())};
  if (node.kind() == prim::TupleUnpack) return elements_of(inputs[0]);
  if (node.kind() == prim::ListUnpack) return inputs[0].toList().vec();
  if (node.kind() == prim::TupleSlice)
    return Values{c10::ivalue::Tuple::create(slice(inputs[0], node.i(jit::attr::beg), node.i(jit::attr::end)))};
  if (node.kind() == prim::isinstance) return Values{is_instance(inputs[0], node.tys(jit::attr::types))};
  if (node.kind() == prim::Uninitialized) return Values{IValue::uninitialized()};
  return std::nullopt;
}

}  // namespace weigh::dry_run
