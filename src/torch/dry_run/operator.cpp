#include "dry_run/operator.h"

#include <algorithm>
#include <set>
#include <string_view>

#include "dry_run/shapes/kernels.h"

namespace weigh::dry_run {
namespace {

const std::set<std::string_view> kNeedValues = {
    "aten::_local_scalar_dense",
    "aten::item",
    "aten::is_nonzero",
    "aten::nonzero",
    "aten::nonzero_numpy",
    "aten::argwhere",
    "aten::unique_dim",
    "aten::_unique",
    "aten::_unique2",
    "aten::unique_consecutive",
    "aten::unique_dim_consecutive",
    "aten::masked_select",
    "aten::equal",
    "aten::allclose",
    "aten::bincount",
    "aten::_pack_padded_sequence",
    "aten::repeat_interleave",
    "aten::histc",
};

// Only one form of it takes its size from values.
bool takes_size_from_values(const c10::FunctionSchema& schema) {
  if (schema.name() == "aten::repeat_interleave") return schema.overload_name() == "Tensor";
  return kNeedValues.contains(schema.name());
}

bool takes_tensors(const c10::FunctionSchema& schema) {
  return std::any_of(schema.arguments().begin(), schema.arguments().end(), [](const c10::Argument& argument) {
    return argument.type()->annotation_str().find("Tensor") != std::string::npos;
  });
}

Makes makes(const c10::FunctionSchema& schema) {
  static const std::set<std::string_view> integers = {"aten::randint", "aten::randperm", "aten::tril_indices",
                                                      "aten::triu_indices"};
  static const std::set<std::string_view> as_given = {"aten::arange", "aten::full"};
  if (takes_tensors(schema)) return Makes::nothing;
  if (integers.contains(schema.name())) return Makes::integers;
  return as_given.contains(schema.name()) ? Makes::as_given : Makes::floats;
}

// Made of operators, and compares the devices of what it takes: known values are on another than shapes.
const std::set<std::string_view> kCompareDevices = {"aten::take_along_dim"};

const std::set<std::string_view> kLike = {"aten::empty_like", "aten::zeros_like", "aten::ones_like", "aten::full_like",
                                          "aten::new_empty",  "aten::new_zeros",  "aten::new_ones",  "aten::new_full"};

Operator look_up(const c10::OperatorHandle& handle) {
  const c10::FunctionSchema& schema = handle.schema();
  Operator op;
  op.name = schema.name();
  const bool is_meta = handle.hasKernelForDispatchKey(c10::DispatchKey::Meta);
  op.is_composite = handle.hasKernelForDispatchKey(c10::DispatchKey::CompositeImplicitAutograd);
  if (!is_meta) op.shape_kernel = ShapeKernels::all().find(schema.name(), schema.overload_name());
  op.is_composite_of_values = op.is_composite;
  op.has_meta_kernel = is_meta;
  if (op.shape_kernel != nullptr) op.is_composite = false;
  op.is_shaped_by_parts =
      !is_meta && (handle.hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutograd) ||
                   handle.hasKernelForDispatchKey(c10::DispatchKey::CompositeExplicitAutogradNonFunctional));
  op.needs_values = op.shape_kernel == nullptr && takes_size_from_values(schema);
  op.by_values = value_rule(schema.name());
  op.keeps_known = op.by_values != nullptr || (op.is_composite && !kCompareDevices.contains(schema.name()));
  op.is_like = kLike.contains(schema.name());
  op.draws = schema.name().find("rand") != std::string::npos;
  op.flops = flop_rule(schema.name());
  op.is_plain_empty = schema.name() == "aten::empty" && schema.overload_name() == "memory_format";
  op.is_equal = schema.name() == "aten::equal";
  const auto& arguments = schema.arguments();
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i].name() == "device") op.device_at = static_cast<std::int64_t>(i);
    if (arguments[i].name() == "dtype") op.dtype_at = static_cast<std::int64_t>(i);
    if (arguments[i].name() == "pin_memory") op.pinned_at = static_cast<std::int64_t>(i);
    if (arguments[i].name() == "generator") op.draws = true;
    const c10::TypeKind kind = arguments[i].type()->kind();
    op.is_sized |= kind == c10::TypeKind::IntType || kind == c10::TypeKind::ListType;
    op.is_required.push_back(kind == c10::TypeKind::TensorType);
    op.is_written.push_back(arguments[i].alias_info() != nullptr && arguments[i].alias_info()->isWrite());
    // Batch normalisation, in training.
    const bool is_statistic = arguments[i].name() == "running_mean" || arguments[i].name() == "running_var";
    op.is_changed.push_back(op.is_written[i] || is_statistic);
  }
  if (op.device_at >= 0) op.makes = makes(schema);
  for (const auto& result : schema.returns()) op.is_alias.push_back(result.alias_info() != nullptr);
  op.is_view = !op.is_alias.empty() && op.is_alias[0] &&
               std::none_of(op.is_written.begin(), op.is_written.end(), [](bool is_written) { return is_written; });
  op.returns_self = !is_meta && !op.is_composite && !op.is_shaped_by_parts && op.is_alias.size() == 1 &&
                    op.is_alias[0] && !op.is_written.empty() && op.is_written[0];
  return op;
}

}  // namespace

const Operator& Operators::of(const c10::OperatorHandle& handle) {
  const auto [found, is_new] = known_.try_emplace(&handle.schema());
  if (is_new) found->second = look_up(handle);
  return found->second;
}

}  // namespace weigh::dry_run
