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

namespace {

using Children = std::vector<std::pair<std::string, const torch::nn::Module*>>;

Children children_of(const torch::nn::Module* module) {
  Children children;
  for (const auto& child : module->named_children()) children.emplace_back(child.key(), child.value().get());
  return children;
}
const void* identity_of(const torch::nn::Module* module) { return module; }
std::string type_of(const torch::nn::Module* module) { return type_name(*module); }

std::vector<std::pair<std::string, torch::jit::Module>> children_of(const torch::jit::Module& module) {
  std::vector<std::pair<std::string, torch::jit::Module>> children;
  for (const auto& child : module.named_children()) children.emplace_back(child.name, child.value);
  return children;
}
const void* identity_of(const torch::jit::Module& module) { return module._ivalue().get(); }
// The last part of "__torch__.torch.nn.modules.linear.___torch_mangle_3.Linear".
std::string type_of(const torch::jit::Module& module) { return module.type()->name()->name(); }

}  // namespace

LiveModel::LiveModel(const torch::nn::Module& root) {
  const Limits limits;
  ModelBuilder builder(model, limits);
  model.kind = "live module";
  modules = add_tree(builder, &root);
  KnownExtents known(builder);
  for (Index i = 0; i < modules.size(); ++i) {
    model.modules[i].mode = modules[i]->is_training() ? Mode::train : Mode::eval;
    if (model.modules[i].alias_of == kNone) add_tensors(builder, known, i);
  }
}

LiveModel::LiveModel(const torch::jit::Module& root) {
  const Limits limits;
  ModelBuilder builder(model, limits);
  model.kind = "TorchScript module";
  const std::vector<torch::jit::Module> scripts = add_tree(builder, root);
  for (Index i = 0; i < scripts.size(); ++i) {
    if (scripts[i].hasattr("training")) model.modules[i].mode = scripts[i].is_training() ? Mode::train : Mode::eval;
    if (model.modules[i].alias_of == kNone) add_tensors(builder, i, scripts[i]);
  }
}

// In depth first: a parent before its children, and the first path of a shared module is the one that Python names.
template <class Handle>
std::vector<Handle> LiveModel::add_tree(ModelBuilder& builder, Handle root) {
  struct Open {
    Index module;
    decltype(children_of(root)) children;
    std::size_t next = 0;
  };
  model.format = "libtorch";
  model.is_live = true;
  model.architecture = type_of(root);
  model.modules[0].type = model.keep(model.architecture);
  first_.emplace(identity_of(root), 0);
  std::vector<Open> open = {{0, children_of(root)}};
  std::vector<Handle> handles = {std::move(root)};
  while (!open.empty()) {
    Open& parent = open.back();
    if (parent.next == parent.children.size()) {
      open.pop_back();
      continue;
    }
    const auto [name, child] = parent.children[parent.next++];
    const Index index = builder.add_child(parent.module, name);
    handles.push_back(child);
    model.modules[index].type = model.keep(type_of(child));
    const auto [first, is_new] = first_.emplace(identity_of(child), index);
    if (is_new) {
      open.push_back({index, children_of(child)});
    } else {
      model.modules[index].alias_of = first->second;
    }
  }
  return handles;
}

void LiveModel::add_tensors(ModelBuilder& builder, KnownExtents& known, Index module) {
  auto add = [&](const auto& tensors, Role role) {
    for (const auto& tensor : tensors) {
      const Tensor entry = describe(tensor.key(), module, tensor.value(), role);
      if (nn::is_uninitialized(tensor.value())) {
        add_uninitialized(builder, known, entry, tensor.value());
      } else {
        add_initialized(builder, entry, tensor.value());
      }
    }
  };
  add(modules[module]->named_parameters(/*recurse=*/false), Role::parameter);
  add(modules[module]->named_buffers(/*recurse=*/false), Role::buffer);
}

void LiveModel::add_tensors(ModelBuilder& builder, Index index, const torch::jit::Module& module) {
  auto add = [&](const auto& tensors, Role role) {
    for (const auto& tensor : tensors)
      if (tensor.value.defined())
        add_initialized(builder, describe(tensor.name, index, tensor.value, role), tensor.value);
  };
  add(module.named_parameters(/*recurse=*/false), Role::parameter);
  add(module.named_buffers(/*recurse=*/false), Role::buffer);
}

Tensor LiveModel::describe(const std::string& name, Index module, const at::Tensor& tensor, Role role) {
  Tensor entry;
  entry.name = name;
  entry.module = module;
  entry.role = role;
  entry.role_evidence = Evidence::recorded;
  entry.dtype = dtype_of(tensor.scalar_type());
  entry.requires_grad = tensor.requires_grad() ? RequiresGrad::yes : RequiresGrad::no;
  entry.tied_to = same_memory(tensor);
  return entry;
}

void LiveModel::add_uninitialized(ModelBuilder& builder, KnownExtents& known, Tensor entry, const at::Tensor& tensor) {
  entry.state = State::uninitialised;
  Module& owner = model.modules[entry.module];
  owner.lazy = true;
  const auto extents = known.of(*modules[entry.module], entry.module, owner.parent, std::string(entry.name));
  if (!extents) entry.rank = Tensor::kUnknownRank;
  builder.add_to_module(entry, extents.value_or(std::vector<Extent>()));
  tensors.push_back(tensor);
}

void LiveModel::add_initialized(ModelBuilder& builder, Tensor entry, const at::Tensor& tensor) {
  entry.state = state_of(tensor);
  entry.layout = layout_of(tensor);
  std::vector<Extent> shape;
  for (const std::int64_t size : tensor.sizes()) shape.emplace_back(static_cast<std::uint64_t>(size));
  if (entry.state == State::initialised)
    entry.stored_bytes = static_cast<std::uint64_t>(tensor.numel()) * tensor.element_size();
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

Index LiveModel::find(const void* identity) const {
  const auto found = first_.find(identity);
  return found == first_.end() ? kNone : found->second;
}

std::string LiveModel::place(Index module) const {
  const Module& entry = model.modules[module];
  const std::string type(entry.type);
  const std::string path = model.path_of(module);
  return path.empty() ? type : path + " (" + type + ")";
}

}  // namespace weigh::dry_run
