#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include <ATen/MemoryOverlap.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "weights/hint.h"

#include "weigh/error.h"
#include "weigh/torch/lazy_module.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"

namespace weigh {
namespace {

// Files before PyTorch 0.4.1 lack it, and Python lets them.
bool is_counter(std::string_view name) {
  constexpr std::string_view kCounter = "num_batches_tracked";
  return name.substr(name.rfind('.') + 1) == kCounter;
}

std::string text_of(torch::IntArrayRef shape) { return fmt::format("[{}]", fmt::join(shape, ", ")); }

std::string text_of(const std::vector<nn::KnownSize>& sizes) {
  std::vector<std::string> texts;
  for (const nn::KnownSize& size : sizes) texts.push_back(size.is_known() ? fmt::to_string(size.size) : "?");
  return fmt::format("[{}]", fmt::join(texts, ", "));
}

bool agrees(const std::vector<nn::KnownSize>& known, torch::IntArrayRef shape) {
  if (known.empty()) return true;
  bool same = known.size() == shape.size();
  for (std::size_t i = 0; same && i < known.size(); ++i) same = !known[i].is_known() || known[i].size == shape[i];
  return same;
}

// What is done is planned first, so that nothing is changed where something does not fit.
class Plan {
 public:
  Plan(const torch::nn::Module& module, const Weights& weights, const LoadOptions& options)
      : weights_(weights), options_(options) {
    find_values();
    for (auto& own : module.named_parameters()) targets_.push_back({own.key(), own.value()});
    for (auto& own : module.named_buffers()) targets_.push_back({own.key(), own.value()});
    find_known_sizes(module);
    for (NamedTensor& target : targets_) match(target);
    forgive_ties();
    for (const NamedTensor& tensor : weights_.tensors)
      if (const auto name = name_of(tensor); name && !used_.contains(*name)) report_.unexpected.emplace_back(*name);
    report_.hint = hint();
  }

  const LoadReport& report() const { return report_; }

  LoadReport run() && {
    if (options_.strict && !report_.is_clean())
      throw Error(ErrorKind::unsupported, weights_.source, "does not fit the module\n" + report_.text());
    const torch::NoGradGuard no_grad;
    for (Copy& copy : copies_) run(copy);
    return std::move(report_);
  }

 private:
  struct Copy {
    std::string_view name;
    torch::Tensor target;
    torch::Tensor value;
  };

  void run(Copy& copy) const {
    try {
      if (nn::is_uninitialized(copy.target)) nn::materialize(copy.target, copy.value.sizes());
      copy.target.copy_(copy.value);
    } catch (const c10::Error& error) {
      throw Error(ErrorKind::usage, weights_.source,
                  fmt::format("tensor '{}' cannot be loaded: {}", copy.name, error.what_without_backtrace()));
    }
  }

  // What a tensor of the file is called in the module; nothing where it is none of the module's.
  std::optional<std::string_view> name_of(const NamedTensor& tensor) const {
    const std::string_view name = tensor.name;
    if (!name.starts_with(options_.prefix)) return std::nullopt;
    return name.substr(options_.prefix.size());
  }

  void find_values() {
    for (const NamedTensor& tensor : weights_.tensors) {
      if (!tensor.value.defined())
        throw Error(ErrorKind::usage, weights_.source, fmt::format("tensor '{}' is undefined", tensor.name));
      const auto name = name_of(tensor);
      if (name && !values_.emplace(*name, &tensor.value).second)
        throw Error(ErrorKind::usage, weights_.source, fmt::format("tensor '{}' is given twice", tensor.name));
    }
  }

  // Of lazy layers, which know some before their first input. Not by named_modules(), which asks for a module that is
  // held by a shared_ptr.
  void find_known_sizes(const torch::nn::Module& module) {
    if (const auto* lazy = dynamic_cast<const nn::LazyLayer*>(&module)) {
      for (const auto& tensors : {module.named_parameters(false), module.named_buffers(false)})
        for (const auto& own : tensors)
          if (nn::is_uninitialized(own.value()))
            known_sizes_.emplace(own.value().unsafeGetTensorImpl(), lazy->known_sizes(own.key()));
    }
    for (const auto& child : module.named_children()) find_known_sizes(*child.value());
  }

  void match(NamedTensor& target) {
    const auto found = values_.find(target.name);
    if (found == values_.end()) {
      if (!is_counter(target.name)) lacking_.push_back(&target);
      return;
    }
    used_.insert(found->first);
    given_.insert(target.value.unsafeGetTensorImpl());
    if (std::string difference = difference_of(target, *found->second); !difference.empty())
      report_.misshapen.push_back(target.name + ": " + difference);
  }

  // Why the value cannot become the target's; "" where it can, and then it is planned.
  std::string difference_of(const NamedTensor& target, torch::Tensor value) {
    const bool is_lazy = nn::is_uninitialized(target.value);
    if (nn::is_uninitialized(value))
      return is_lazy ? "" : "not initialised in the file, " + text_of(target.value.sizes()) + " in the module";
    if (value.is_meta()) return "without data in the file, which has it on the device 'meta'";
    if (is_lazy ? target.value.device().is_meta() : target.value.is_meta())
      return "without memory in the module, which has it on the device 'meta'";
    const std::string in_file = text_of(value.sizes()) + " in the file, ";
    if (is_lazy) {
      // A few bytes can be expanded to any shape: memory is given for what the file holds.
      if (value.has_storage() && value.nbytes() > value.storage().nbytes())
        return text_of(value.sizes()) + " in the file, but expanded from less; not initialised in the module";
      const auto* impl = target.value.unsafeGetTensorImpl();
      const auto known = known_sizes_.find(impl);
      if (known != known_sizes_.end() && !agrees(known->second, value.sizes()))
        return in_file + text_of(known->second) + " in the module";
      const auto [shape, is_new] = new_shapes_.emplace(impl, value.sizes().vec());
      if (!is_new && value.sizes() != torch::IntArrayRef(shape->second))
        return in_file + text_of(shape->second) + " under another name of the same parameter";
    } else {
      // Before 0.4 a scalar was saved as one element.
      if (target.value.dim() == 0 && value.dim() == 1 && value.size(0) == 1) value = value.select(0, 0);
      if (value.sizes() != target.value.sizes()) return in_file + text_of(target.value.sizes()) + " in the module";
      if (at::has_internal_overlap(target.value) == at::MemOverlap::Yes)
        return "expanded in the module, where several of its elements are the same memory";
    }
    copies_.push_back({target.name, target.value, std::move(value)});
    return "";
  }

  // A tensor that has several names in the module needs a value under one of them.
  void forgive_ties() {
    for (const NamedTensor* lacking : lacking_)
      if (!given_.contains(lacking->value.unsafeGetTensorImpl())) report_.missing.push_back(lacking->name);
  }

  std::string hint() const {
    if (report_.is_clean()) return "";
    if (values_.empty() && !weights_.tensors.empty())
      return fmt::format("no name in the file begins with '{}'; the first is '{}'", options_.prefix,
                         weights_.tensors.front().name.substr(0, 200));
    std::vector<std::string> unexpected = report_.unexpected;
    std::erase_if(unexpected, is_counter);  // of which the module may have more than it misses
    return hint_about_names(report_.missing, unexpected, options_.prefix);
  }

  const Weights& weights_;
  const LoadOptions& options_;
  LoadReport report_;
  std::vector<NamedTensor> targets_;
  std::unordered_map<std::string_view, const torch::Tensor*> values_;  // by their names in the module
  std::unordered_set<std::string_view> used_;
  std::unordered_set<const c10::TensorImpl*> given_;
  std::vector<const NamedTensor*> lacking_;
  std::unordered_map<const c10::TensorImpl*, std::vector<nn::KnownSize>> known_sizes_;
  std::unordered_map<const c10::TensorImpl*, std::vector<std::int64_t>> new_shapes_;
  std::vector<Copy> copies_;
};

}  // namespace

LoadReport load_state_dict(torch::nn::Module& module, const Weights& weights, const LoadOptions& options) {
  return Plan(module, weights, options).run();
}

LoadReport load_state_dict(torch::nn::Module& module, const std::string& path, const LoadOptions& options) {
  return load_state_dict(module, load_weights(path, options.weights), options);
}

LoadReport check_state_dict(const torch::nn::Module& module, const Weights& weights, const LoadOptions& options) {
  return Plan(module, weights, options).report();
}

}  // namespace weigh
