// Inputs of a dry run: the same values, with tensors that have shapes and no data.
#pragma once

#include <tuple>
#include <type_traits>

#include <torch/torch.h>

#include "weigh/torch/values.h"

namespace weigh {
namespace detail {

// Of the run on this thread.
at::Tensor stand_in_tensor(const at::Tensor& tensor);

template <class Value>
void replace_tensors(Value& value) {
  if constexpr (std::is_same_v<Value, at::Tensor>) {
    value = stand_in_tensor(value);
  } else if constexpr (OptionalLike<Value>) {
    if (value.has_value()) replace_tensors(*value);
  } else if constexpr (requires { value.key(), value.setValue(value.value()); }) {  // an entry of c10::Dict
    auto inner = value.value();
    replace_tensors(inner);
    value.setValue(inner);
  } else if constexpr (ItemLike<Value>) {
    replace_tensors(value.value());
  } else if constexpr (RangeLike<Value>) {
    for (auto&& item : value) {
      using Item = std::remove_reference_t<decltype(item)>;
      if constexpr (!std::is_const_v<Item>) replace_tensors(item);
    }
  } else if constexpr (TupleLike<Value>) {
    std::apply([](auto&... items) { (replace_tensors(items), ...); }, value);
  }
}

template <class Value>
void replace_tensors(const Value& /*key*/) {}

}  // namespace detail

// A copy of the value in which tensors are replaced, however deep they lie in lists, tuples, optionals, dictionaries.
// What is not seen into (a struct) is left alone: its tensors are replaced when an operator takes them.
template <class Value>
Value stand_in(const Value& value) {
  Value copy = [&] {
    if constexpr (requires {
                    { value.copy() } -> std::same_as<Value>;
                  }) {
      return value.copy();  // c10::List and c10::Dict are references
    } else {
      return value;
    }
  }();
  detail::replace_tensors(copy);
  return copy;
}

}  // namespace weigh
