#include "dry_run/live_model.h"

#include "dry_run/known_extents.h"
#include "dry_run/type_name.h"
#include "model/builder.h"

#include "weigh/torch/uninitialized.h"

namespace weigh::dry_run {
namespace {

Layout layout_of(const at::Tensor& tensor) {
  if (tensor.is_quantized()) return Layout::quantized;
  if (tensor.layout() == at::kStrided) return Layout::strided;
  return tensor.layout() == at::kSparse ? Layout::sparse : Layout::other;
}

State state_of(const at::Tensor& tensor) { return tensor.is_meta() ? State::meta : State::initialised; }

}  // namespace

DType dtype_of(at::ScalarType type) {
  std::string name = c10::toString(type);
  static const std::unordered_map<std::string, DType> names = {
      {"Byte", DType::uint8},
      {"Char", DType::int8},
      {"Short", DType::int16},
      {"Int", DType::int32},
      {"Long", DType::int64},
      {"UInt16", DType::uint16},
      {"UInt32", DType::uint32},
      {"UInt64", DType::uint64},
      {"Half", DType::float16},
      {"Float", DType::float32},
      {"Double", DType::float64},
      {"BFloat16", DType::bfloat16},
      {"ComplexHalf", DType::complex32},
      {"ComplexFloat", DType::complex64},
      {"ComplexDouble", DType::complex128},
      {"Bool", DType::boolean},
      {"QInt8", DType::qint8},
      {"QUInt8", DType::quint8},
      {"QInt32", DType::qint32},
      {"QUInt4x2", DType::quint4x2},
      {"QUInt2x4", DType::quint2x4},
      {"Float8_e5m2", DType::float8_e5m2},
      {"Float8_e4m3fn", DType::float8_e4m3fn},
      {"Float8_e5m2fnuz", DType::float8_e5m2fnuz},
      {"Float8_e4m3fnuz", DType::float8_e4m3fnuz},
  };
  const auto found = names.find(name);
  return found == names.end() ? DType::unknown : found->second;
}

LiveModel::LiveModel(const torch::nn::Module& root) {
  const Limits limits;
  ModelBuilder builder(model, limits);
  model.format = "libtorch";
  model.is_live = true;
  model.kind = "live module";
  model.architecture = type_name(root);
  modules.push_back(&root);
  first_.emplace(&root, 0);
  model.modules[0].type = model.keep(model.architecture);
  add_children(builder);
  KnownExtents known(builder);
  for (Index i = 0; i < modules.size(); ++i) {
    model.modules[i].mode = modules[i]->is_training() ? Mode::train : Mode::eval;
    if (model.modules[i].alias_of == kNone) add_tensors(builder, known, i);
  }
}

// In depth first: a parent before its children, and the first path of a shared module is the one that Python names.
void LiveModel::add_children(ModelBuilder& builder) {
  struct Open {
    Index module;
    torch::OrderedDict<std::string, std::shared_ptr<torch::nn::Module>> children;
    std::size_t next = 0;
  };
  std::vector<Open> open = {{0, modules[0]->named_children()}};
  while (!open.empty()) {
    Open& parent = open.back();
    if (parent.next == parent.children.size()) {
      open.pop_back();
      continue;
    }
    const auto child = parent.children[parent.next++];
    const Index index = builder.add_child(parent.module, child.key());
    modules.push_back(child.value().get());
    model.modules[index].type = model.keep(type_name(*child.value()));
    const auto [first, is_new] = first_.emplace(child.value().get(), index);
    if (is_new) {
      open.push_back({index, child.value()->named_children()});
    } else {
      model.modules[index].alias_of = first->second;
    }
  }
}

void LiveModel::add_tensors(ModelBuilder& builder, KnownExtents& known, Index module) {
  for (const auto& parameter : modules[module]->named_parameters(/*recurse=*/false))
    add_tensor(builder, known, module, parameter.key(), parameter.value(), Role::parameter);
  for (const auto& buffer : modules[module]->named_buffers(/*recurse=*/false))
    add_tensor(builder, known, module, buffer.key(), buffer.value(), Role::buffer);
}

void LiveModel::add_tensor(ModelBuilder& builder, KnownExtents& known, Index module, const std::string& name,
                           const at::Tensor& tensor, Role role) {
  Tensor entry;
  entry.name = name;
  entry.module = module;
  entry.role = role;
  entry.role_recorded = true;
  entry.dtype = dtype_of(tensor.scalar_type());
  entry.requires_grad = tensor.requires_grad() ? RequiresGrad::yes : RequiresGrad::no;
  entry.tied_to = same_memory(tensor);
  std::vector<Extent> shape;
  if (nn::is_uninitialized(tensor)) {
    entry.state = State::uninitialised;
    const auto extents = known.of(*modules[module], module, model.modules[module].parent, name);
    if (extents) shape = *extents;
    if (!extents) entry.rank = Tensor::kUnknownRank;
    model.modules[module].lazy = true;
  } else {
    entry.state = state_of(tensor);
    entry.layout = layout_of(tensor);
    for (const std::int64_t size : tensor.sizes()) shape.emplace_back(static_cast<std::uint64_t>(size));
    if (entry.state == State::initialised)
      entry.stored_bytes = static_cast<std::uint64_t>(tensor.numel()) * tensor.element_size();
  }
  builder.add_to_module(entry, shape);
  tensors.push_back(tensor);
}

// An earlier tensor that is the same object, or lies in the same memory in the same way.
Index LiveModel::same_memory(const at::Tensor& tensor) {
  const bool has_memory = !nn::is_uninitialized(tensor) && tensor.has_storage() && tensor.numel() > 0 &&
                          tensor.storage().data_ptr().get() != nullptr;
  const void* key = tensor.unsafeGetTensorImpl();
  if (has_memory) key = tensor.storage().unsafeGetStorageImpl();
  for (const Index before : by_memory_[key]) {
    const at::Tensor& other = tensors[before];
    if (other.is_same(tensor)) return before;
    if (has_memory && other.storage_offset() == tensor.storage_offset() && other.sizes() == tensor.sizes() &&
        other.strides() == tensor.strides() && other.scalar_type() == tensor.scalar_type())
      return before;
  }
  by_memory_[key].push_back(static_cast<Index>(tensors.size()));
  return kNone;
}

Index LiveModel::find(const torch::nn::Module& module) const {
  const auto found = first_.find(&module);
  return found == first_.end() ? kNone : found->second;
}

std::string LiveModel::place(Index module) const {
  const Module& entry = model.modules[module];
  const std::string type(entry.type);
  const std::string path = model.path_of(module);
  return path.empty() ? type : path + " (" + type + ")";
}

}  // namespace weigh::dry_run
