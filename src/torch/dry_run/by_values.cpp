#include "dry_run/by_values.h"

#include <map>

#include <ATen/ExpandUtils.h>

#include "dry_run/intercept.h"
#include "dry_run/known_values.h"

namespace weigh::dry_run {
namespace {

using Stack = torch::jit::Stack;

// More places than that are not looked at.
constexpr std::int64_t kMostPlaces = 1 << 16;

c10::IValue& argument(Stack& stack, std::size_t arguments, std::size_t i) {
  return stack[stack.size() - arguments + i];
}

bool is_mask(const at::Tensor& tensor) {
  return tensor.defined() && (tensor.scalar_type() == at::kBool || tensor.scalar_type() == at::kByte);
}

// A place from -size (counted from behind) or 0 up to size - 1.
void check_places(const at::Tensor& places, std::int64_t size, bool may_be_negative, const KnownValues& known) {
  if (!known.has(places) || places.numel() == 0 || places.numel() > kMostPlaces) return;
  if (!at::isIntegralType(places.scalar_type(), /*includeBool=*/false)) return;
  const Uninterrupted uninterrupted;
  const auto [least, most] = at::aminmax(places);
  const auto low = least.item<std::int64_t>();
  const auto high = most.item<std::int64_t>();
  const std::int64_t lowest = may_be_negative ? -size : 0;
  TORCH_CHECK_INDEX(low >= lowest && high < size, "place ", low < lowest ? low : high, " is out of range: there are ",
                    size);
}

// index(self, indices), index_put(self, indices, values): a mask becomes the places that it chooses, which are of known
// number.
bool index(Stack& stack, std::size_t arguments, const KnownValues& known) {
  const at::Tensor self = argument(stack, arguments, 0).toTensor();
  c10::List<c10::optional<at::Tensor>> places;
  std::int64_t dim = 0;
  for (const c10::IValue& item : argument(stack, arguments, 1).toListRef()) {
    const at::Tensor tensor = item.isTensor() ? item.toTensor() : at::Tensor();
    if (!tensor.defined()) {
      places.push_back(c10::nullopt);
      ++dim;
    } else if (is_mask(tensor) && known.has(tensor)) {
      for (std::int64_t i = 0; i < tensor.dim(); ++i)
        TORCH_CHECK_INDEX(dim + i < self.dim() && tensor.size(i) == self.size(dim + i), "The shape of the mask ",
                          tensor.sizes(), " at index ", i, " does not match the shape of the indexed tensor ",
                          self.sizes(), " at index ", dim + i);
      const Uninterrupted uninterrupted;
      for (const at::Tensor& one : tensor.nonzero().unbind(1)) places.push_back(one);
      dim += tensor.dim();
    } else {
      if (dim < self.dim()) check_places(tensor, self.size(dim), true, known);
      places.push_back(tensor);
      ++dim;
    }
  }
  argument(stack, arguments, 1) = std::move(places);
  return false;
}

bool masked_select(Stack& stack, std::size_t arguments, const KnownValues& known) {
  const at::Tensor self = argument(stack, arguments, 0).toTensor();
  const at::Tensor mask = argument(stack, arguments, 1).toTensor();
  if (!known.has(mask)) return false;
  const Uninterrupted uninterrupted;
  const auto sizes = at::infer_size(self.sizes(), mask.sizes());
  const auto count = mask.expand(sizes).sum().item<std::int64_t>();
  torch::jit::drop(stack, arguments);
  stack.emplace_back(at::empty({count}, self.options().device(at::kMeta)));
  return true;
}

// _pack_padded_sequence(input, lengths, batch_first): libtorch packs a sequence of as many steps, of one byte each.
bool pack(Stack& stack, std::size_t arguments, const KnownValues& known) {
  const at::Tensor input = argument(stack, arguments, 0).toTensor();
  const at::Tensor lengths = argument(stack, arguments, 1).toTensor();
  if (!known.has(lengths)) return false;
  TORCH_CHECK(input.dim() >= 2, "a padded batch of sequences has 2 dimensions or more, not the shape ", input.sizes());
  const Uninterrupted uninterrupted;
  // libtorch goes on without complaint, with batches that are not there.
  const std::int64_t room = input.size(argument(stack, arguments, 2).toBool() ? 1 : 0);
  const auto longest = lengths.numel() > 0 ? lengths.max().item<std::int64_t>() : 0;
  TORCH_CHECK(longest <= room, "a sequence of length ", longest, " is in a batch of ", room, " steps");
  const at::Tensor steps = at::zeros({}, at::kByte).expand({input.size(0), input.size(1), 1});
  const auto [packed, sizes] = at::_pack_padded_sequence(steps, lengths, argument(stack, arguments, 2).toBool());
  std::vector<std::int64_t> shape = {packed.size(0)};
  for (std::int64_t i = 2; i < input.dim(); ++i) shape.push_back(input.size(i));
  torch::jit::drop(stack, arguments);
  stack.emplace_back(at::empty(shape, input.options().device(at::kMeta)));
  stack.emplace_back(sizes);
  return true;
}

// embedding(weight, indices, …)
bool embedding(Stack& stack, std::size_t arguments, const KnownValues& known) {
  const at::Tensor& weight = argument(stack, arguments, 0).toTensor();
  if (weight.dim() > 0) check_places(argument(stack, arguments, 1).toTensor(), weight.size(0), false, known);
  return false;
}

// index_select(self, dim, index), index_add(self, dim, index, …), gather(self, dim, index, …), scatter(…)
bool along(Stack& stack, std::size_t arguments, const KnownValues& known) {
  const at::Tensor& self = argument(stack, arguments, 0).toTensor();
  const c10::IValue& index = argument(stack, arguments, 2);
  if (!argument(stack, arguments, 1).isInt() || !index.isTensor() || self.dim() == 0) return false;
  const std::int64_t dim = at::maybe_wrap_dim(argument(stack, arguments, 1).toInt(), self.dim());
  check_places(index.toTensor(), self.size(dim), false, known);
  return false;
}

}  // namespace

ValueRule value_rule(std::string_view operator_name) {
  static const std::map<std::string_view, ValueRule> rules = {
      {"aten::index", &index},
      {"aten::index_put", &index},
      {"aten::index_put_", &index},
      {"aten::_index_put_impl_", &index},
      {"aten::masked_select", &masked_select},
      {"aten::_pack_padded_sequence", &pack},
      {"aten::embedding", &embedding},
      {"aten::index_select", &along},
      {"aten::index_add", &along},
      {"aten::index_add_", &along},
      {"aten::index_copy", &along},
      {"aten::index_copy_", &along},
      {"aten::gather", &along},
      {"aten::scatter", &along},
      {"aten::scatter_", &along},
      {"aten::scatter_add", &along},
      {"aten::scatter_add_", &along},
  };
  const auto found = rules.find(operator_name);
  return found == rules.end() ? nullptr : found->second;
}

}  // namespace weigh::dry_run
