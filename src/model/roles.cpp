#include "model/roles.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "bytes/digits.h"
#include "conventions/buffers.h"
#include "conventions/transformers.h"

namespace weigh {
namespace {

constexpr KnownRole kBuffer{Role::buffer, Evidence::by_convention};

// Buffers that classes of transformers have, each behind the name of the module that holds it.
class ClassBuffers {
 public:
  explicit ClassBuffers(const std::vector<std::string>& types) {
    for (const std::string& type : types) {
      const std::vector<std::string_view> paths = conventions::persistent_buffers(type);
      for (const std::string_view path : paths) add(path, paths);
    }
    std::sort(all_.begin(), all_.end());
  }

  bool empty() const { return all_.empty(); }
  // Whether the class has batch norms that nothing trains: their weights and biases are buffers, too. Its backbone may
  // be another than that of the default, so what holds them may have any name.
  bool has_frozen_norms() const { return has_frozen_norms_; }

  bool may_contain(std::string_view name) const {
    return name.size() < 64 && (lengths_ >> name.size() & 1) != 0 &&
           std::any_of(all_.begin(), all_.end(), [&](const auto& entry) { return entry.first == name; });
  }
  // Of a name that it may contain.
  bool contains(std::string_view name, std::string_view parent) const {
    return conventions::is_renamed_with_its_module(name) ||
           std::binary_search(all_.begin(), all_.end(), std::pair(name, parent));
  }

 private:
  void add(std::string_view path, const std::vector<std::string_view>& paths) {
    const std::size_t dot = path.rfind('.');
    const bool has_parent = dot != std::string_view::npos;
    const std::string_view name = has_parent ? path.substr(dot + 1) : path;
    const std::string_view parent = has_parent ? path.substr(0, dot) : std::string_view();
    if ((name == "weight" || name == "bias") && is_norm(parent, paths)) {
      has_frozen_norms_ = true;
      return;
    }
    all_.emplace_back(name, parent);
    lengths_ |= std::uint64_t{1} << (name.size() & 63);
  }

  static bool is_norm(std::string_view module, const std::vector<std::string_view>& paths) {
    return std::any_of(paths.begin(), paths.end(), [&](std::string_view path) {
      return path.starts_with(module) && path.substr(module.size()) == ".running_mean";
    });
  }

  std::vector<std::pair<std::string_view, std::string_view>> all_;
  std::uint64_t lengths_ = 0;  // a bit for each
  bool has_frozen_norms_ = false;
};

class Settling {
 public:
  explicit Settling(Model& model) : model_(model), of_class_(model.config.types) {}

  void run() {
    for (Tensor& tensor : model_.tensors) look_at(tensor);
    for (const Module& module : model_.modules)
      if (module.first_tensor != kNone && conventions::is_loss(module.name)) look_into_loss(module);
  }

 private:
  void look_at(Tensor& tensor) {
    if (tensor.role_recorded()) return;
    if (tensor.role == Role::buffer) {
      if (of_class_.has_frozen_norms() && tensor.name == "running_mean") freeze(tensor.module);
    } else if (conventions::may_be_buffer(tensor.name) && has_telling_sibling(tensor)) {
      kBuffer.give_to(tensor);
    } else if (of_class_.may_contain(tensor.name) && of_class_.contains(tensor.name, parent_of(tensor.module))) {
      kBuffer.give_to(tensor);
    }
  }

  std::span<const Extent> shape(const Tensor& tensor) const {
    if (!tensor.rank_known()) return {};
    return {model_.shape_begin(tensor), tensor.rank};
  }

  bool has_telling_sibling(const Tensor& tensor) const {
    if (!tensor.rank_known()) return false;
    const Module& module = model_.modules[tensor.module];
    const auto tells = [&](std::string_view sibling) {
      return conventions::is_buffer_beside(tensor.name, sibling, shape(tensor));
    };
    std::size_t looked_at = 0;  // of a flat file's million tensors not each is asked about each
    for (Index i = module.first_tensor; i != kNone && looked_at < kMost; i = model_.tensors[i].next, ++looked_at)
      if (tells(model_.tensors[i].name)) return true;
    for (Index child = module.first_child; child != kNone && looked_at < 2 * kMost; ++looked_at) {
      if (tells(model_.modules[child].name)) return true;
      child = model_.modules[child].next;
    }
    return false;
  }

  // Numbers are left out: all modules of a list are alike.
  std::string_view parent_of(Index module) const {
    while (module != 0 && is_number(model_.modules[module].name)) module = model_.modules[module].parent;
    return model_.modules[module].name;
  }

  // A batch norm that is trained counts its batches.
  void freeze(Index module) {
    const Index first = model_.modules[module].first_tensor;
    std::size_t looked_at = 0;
    for (Index i = first; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == "num_batches_tracked" || ++looked_at > kMost) return;
    for (Index i = first; i != kNone; i = model_.tensors[i].next) {
      Tensor& tensor = model_.tensors[i];
      if ((tensor.name == "weight" || tensor.name == "bias") && !tensor.role_recorded()) kBuffer.give_to(tensor);
    }
  }

  // What has a bias is a layer, whatever it is called.
  void look_into_loss(const Module& module) {
    for (Index i = module.first_tensor; i != kNone; i = model_.tensors[i].next)
      if (model_.tensors[i].name == "bias") return;
    for (Index i = module.first_tensor; i != kNone; i = model_.tensors[i].next) {
      Tensor& tensor = model_.tensors[i];
      if (!tensor.role_recorded() && tensor.role == Role::parameter && tensor.rank_known() &&
          conventions::is_buffer_of_loss(tensor.name, shape(tensor)))
        kBuffer.give_to(tensor);
    }
  }

  static constexpr std::size_t kMost = 64;  // neighbours that are looked at
  Model& model_;
  ClassBuffers of_class_;
};

}  // namespace

KnownRole infer_role(std::string_view name, DType dtype, std::span<const Extent> shape) {
  if (!can_be_parameter(dtype)) return {Role::buffer, Evidence::derived};
  if (name == "weight") return {Role::parameter, Evidence::by_convention};  // as nearly all are
  if (conventions::is_buffer(name, shape)) return {Role::buffer, Evidence::by_convention};
  return {Role::parameter, name == "bias" ? Evidence::by_convention : Evidence::assumed};
}

void settle_roles(Model& model) { Settling(model).run(); }

}  // namespace weigh
