#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

void check_index(const at::Tensor& index) {
  TORCH_CHECK(index.scalar_type() == at::kLong || index.scalar_type() == at::kInt,
              "indices are of type Int or Long, not ", index.scalar_type());
}

at::Tensor index_select(const at::Tensor& x, std::int64_t dim, const at::Tensor& index) {
  TORCH_CHECK_INDEX(index.dim() <= 1, "index_select takes a vector of indices, not one of shape ", index.sizes());
  check_index(index);
  Sizes sizes = x.sizes().vec();
  if (!sizes.empty()) sizes[static_cast<std::size_t>(at::maybe_wrap_dim(dim, x.dim()))] = index.numel();
  return at::empty(sizes, x.options());
}

at::Tensor embedding(const at::Tensor& weight, const at::Tensor& index, std::int64_t /*padding*/, bool /*scale*/,
                     bool /*sparse*/) {
  TORCH_CHECK(weight.dim() == 2, "an embedding has a weight of 2 dimensions, not one of shape ", weight.sizes());
  check_index(index);
  Sizes sizes = index.sizes().vec();
  sizes.push_back(weight.size(1));
  return at::empty(sizes, weight.options());
}

using Four = std::tuple<at::Tensor, at::Tensor, at::Tensor, at::Tensor>;

// mode 2 is the maximum, of which the places are returned.
Four embedding_bag(const at::Tensor& weight, const at::Tensor& index, const at::Tensor& offsets, bool /*scale*/,
                   std::int64_t mode, bool /*sparse*/, const OptionalTensor& /*weights*/, bool include_last,
                   std::int64_t /*padding*/) {
  check_index(index);
  const std::int64_t bags = offsets.size(0) - (include_last ? 1 : 0);
  const at::Tensor bag_size = at::empty({bags}, offsets.options());
  const at::Tensor places = mode == 2 ? at::empty({bags, weight.size(1)}, offsets.options()) : at::empty_like(bag_size);
  return {at::empty({bags, weight.size(1)}, weight.options()), at::empty(index.sizes(), offsets.options()), bag_size,
          places};
}

at::Tensor take(const at::Tensor& x, const at::Tensor& index) { return at::empty(index.sizes(), x.options()); }

// Made of an operator that takes the number of repetitions from a tensor.
at::Tensor repeat_interleave(const at::Tensor& x, std::int64_t repeats, c10::optional<std::int64_t> dim,
                             c10::optional<std::int64_t> /*output_size*/) {
  if (!dim || x.dim() == 0) return at::empty({x.numel() * repeats}, x.options());
  Sizes sizes = x.sizes().vec();
  sizes[static_cast<std::size_t>(at::maybe_wrap_dim(*dim, x.dim()))] *= repeats;
  return at::empty(sizes, x.options());
}

// libtorch looks whether all values are below the number of classes, and counts classes where that is not given.
at::Tensor one_hot(const at::Tensor& x, std::int64_t classes) {
  TORCH_CHECK_NOT_IMPLEMENTED(classes > 0, "the number of classes is the largest value");
  Sizes sizes = x.sizes().vec();
  sizes.push_back(classes);
  return at::empty(sizes, x.options().dtype(at::kLong));
}

at::Tensor multinomial(const at::Tensor& x, std::int64_t samples, bool /*replacement*/,
                       c10::optional<at::Generator> /*generator*/) {
  Sizes sizes = x.sizes().vec();
  sizes.back() = samples;
  return at::empty(sizes, x.options().dtype(at::kLong));
}

at::Tensor randperm(std::int64_t n, c10::optional<at::ScalarType> dtype, c10::optional<at::Layout> /*layout*/,
                    c10::optional<at::Device> /*device*/, c10::optional<bool> /*pin*/) {
  return at::empty({n}, at::TensorOptions().dtype(dtype.value_or(at::kLong)).device(at::kMeta));
}

// Positions of a triangle: of a matrix of `rows` x `columns`, those at most `offset` right of the diagonal, or at
// least.
at::Tensor tril_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset,
                        c10::optional<at::ScalarType> dtype, c10::optional<at::Layout> /*layout*/,
                        c10::optional<at::Device> /*device*/, c10::optional<bool> /*pin*/) {
  std::int64_t count = 0;
  for (std::int64_t row = 0; row < rows; ++row) count += std::min(columns, std::max(row + offset + 1, std::int64_t{0}));
  return at::empty({2, count}, at::TensorOptions().dtype(dtype.value_or(at::kLong)).device(at::kMeta));
}

at::Tensor triu_indices(std::int64_t rows, std::int64_t columns, std::int64_t offset,
                        c10::optional<at::ScalarType> dtype, c10::optional<at::Layout> layout,
                        c10::optional<at::Device> device, c10::optional<bool> pin) {
  const at::Tensor below = tril_indices(rows, columns, offset - 1, dtype, layout, device, pin);
  return at::empty({2, rows * columns - below.size(1)}, below.options());
}

}  // namespace

void add_indexing(ShapeKernels& kernels) {
  kernels.add("index_select", TORCH_FN(index_select));
  kernels.add("embedding", TORCH_FN(embedding));
  kernels.add("_embedding_bag", TORCH_FN(embedding_bag));
  kernels.add("_embedding_bag_forward_only", TORCH_FN(embedding_bag));
  kernels.add("take", TORCH_FN(take));
  kernels.add("repeat_interleave", TORCH_FN(repeat_interleave), "self_int");
  kernels.add("one_hot", TORCH_FN(one_hot));
  kernels.add("multinomial", TORCH_FN(multinomial));
  kernels.add("randperm", TORCH_FN(randperm));
  kernels.add("tril_indices", TORCH_FN(tril_indices));
  kernels.add("triu_indices", TORCH_FN(triu_indices));
}

}  // namespace weigh::dry_run
