// What a training loop has to know of a batch: the tensors in it. Tensors, lists, tuples, pairs, optionals, maps and
// torch::data::Example are seen into; a struct of one's own tells its tensors in one function, found beside it:
//
//   struct GraphBatch { torch::Tensor x, edge_index, y; };
//   template <class Visit>
//   void for_each_tensor(GraphBatch& batch, Visit visit) { visit(batch.x); visit(batch.edge_index); visit(batch.y); }
//   std::int64_t batch_size(const GraphBatch& batch) { return batch.y.size(0); }    optional
//
// They are moved to the trainer's device, and floating ones to its precision; the first size of the first tensor is the
// weight of what is logged for the batch, unless batch_size() says otherwise.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <typeinfo>
#include <utility>

#include <torch/torch.h>

#include "weigh/torch/values.h"

namespace weigh::lightning {

using TensorVisit = std::function<void(torch::Tensor&)>;

// A batch whose type only its loader and its module know.
struct AnyBatch {
  std::shared_ptr<void> data;
  const std::type_info* type = nullptr;

  // Null where it is of another type.
  template <class Batch>
  Batch* as() const {
    return type && *type == typeid(Batch) ? static_cast<Batch*>(data.get()) : nullptr;
  }
};

namespace detail {

template <class Value>
concept HasForEachTensor = requires(Value& value, const TensorVisit& visit) {
  for_each_tensor(value, visit);
};
template <class Value>
concept HasBatchSize = requires(const Value& value) {
  { batch_size(value) } -> std::convertible_to<std::int64_t>;
};
template <class Value>
concept ExampleLike = requires(Value& value) {
  value.data;
  value.target;
  typename Value::DataType;
};

// False where the value is of a type that cannot be seen into, so that tensors in it may have been missed.
template <class Value>
bool visit_tensors(Value& value, const TensorVisit& visit) {
  using weigh::detail::ItemLike, weigh::detail::OptionalLike, weigh::detail::RangeLike, weigh::detail::TensorLike,
      weigh::detail::TupleLike;
  if constexpr (HasForEachTensor<Value>) {
    for_each_tensor(value, visit);
    return true;
  } else if constexpr (TensorLike<Value>) {
    visit(value);
    return true;
  } else if constexpr (ExampleLike<Value>) {
    const bool all_data = visit_tensors(value.data, visit);
    return visit_tensors(value.target, visit) && all_data;
  } else if constexpr (std::is_same_v<std::remove_const_t<Value>, torch::data::example::NoTarget> ||
                       std::is_arithmetic_v<Value> || std::is_enum_v<Value> ||
                       std::is_convertible_v<const Value&, std::string>) {
    return true;
  } else if constexpr (OptionalLike<Value>) {
    return !value.has_value() || visit_tensors(*value, visit);
  } else if constexpr (ItemLike<Value>) {
    return visit_tensors(value.value(), visit);
  } else if constexpr (requires { typename Value::mapped_type; }) {
    bool all = true;
    for (auto& item : value) all = visit_tensors(item.second, visit) && all;
    return all;
  } else if constexpr (RangeLike<Value>) {
    bool all = true;
    for (auto&& item : value) all = visit_tensors(item, visit) && all;
    return all;
  } else if constexpr (TupleLike<Value>) {
    return std::apply([&](auto&... items) { return (int{visit_tensors(items, visit)} & ... & 1) != 0; }, value);
  } else {
    return false;
  }
}

// 1 where nothing is known.
template <class Batch>
std::int64_t size_of_batch(Batch& batch) {
  if constexpr (HasBatchSize<Batch>) {
    return batch_size(batch);
  } else {
    std::optional<std::int64_t> size;
    visit_tensors(batch, [&](torch::Tensor& tensor) {
      if (!size && tensor.defined()) size = tensor.dim() > 0 ? tensor.size(0) : 1;
    });
    return size.value_or(1);
  }
}

}  // namespace detail
}  // namespace weigh::lightning
