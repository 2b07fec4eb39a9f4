// The inputs and outputs of a forward as values that libtorch can hold, whatever their types: tensors, lists, tuples,
// pairs, optionals and dictionaries of them, nested. What holds no tensor becomes None.
#pragma once

#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

#include <torch/torch.h>

namespace weigh {
namespace detail {

template <class Value>
concept TensorLike = std::is_base_of_v<at::Tensor, Value>;
template <class Value>
concept OptionalLike = requires(const Value& value) {
  value.has_value(), *value;
};
template <class Value>
concept TupleLike = requires {
  std::tuple_size<Value>::value;
};
template <class Value>
concept RangeLike = !std::is_convertible_v<const Value&, std::string> && requires(const Value& value) {
  value.begin() != value.end(), *value.begin();
};
// torch::OrderedDict
template <class Value>
concept ItemLike = requires(const Value& value) {
  value.key(), value.value();
};

}  // namespace detail

// Of a dictionary, the values in its order, as a tuple; a range becomes a tuple as well.
template <class Value>
c10::IValue to_ivalue(const Value& value) {
  using namespace detail;
  if constexpr (std::is_same_v<Value, c10::IValue>) {
    return value;
  } else if constexpr (TensorLike<Value>) {
    return c10::IValue(static_cast<const at::Tensor&>(value));
  } else if constexpr (OptionalLike<Value>) {
    return value.has_value() ? to_ivalue(*value) : c10::IValue();
  } else if constexpr (ItemLike<Value>) {
    return to_ivalue(value.value());
  } else if constexpr (RangeLike<Value>) {
    std::vector<c10::IValue> items;
    for (const auto& item : value) {
      if constexpr (TupleLike<std::decay_t<decltype(item)>> && requires { typename Value::mapped_type; }) {
        items.push_back(to_ivalue(item.second));
      } else {
        items.push_back(to_ivalue(item));
      }
    }
    return c10::ivalue::Tuple::create(std::move(items));
  } else if constexpr (TupleLike<Value>) {
    return std::apply(
        [](const auto&... items) {
          return c10::IValue(c10::ivalue::Tuple::create(std::vector<c10::IValue>{to_ivalue(items)...}));
        },
        value);
  } else {
    return {};
  }
}

}  // namespace weigh
