#include "dry_run/containers.h"

#include <cstring>
#include <tuple>
#include <utility>

#include "dry_run/private_member.h"

#include "weigh/torch/values.h"

namespace weigh::dry_run {

struct Content {
  using Type = std::unique_ptr<torch::nn::AnyModulePlaceholder> torch::nn::AnyModule::*;
  friend Type member_of(Content tag);
};
template struct PrivateMember<Content, &torch::nn::AnyModule::content_>;

namespace {

using torch::nn::AnyModule;
using torch::nn::AnyModulePlaceholder;
using torch::nn::AnyValue;

std::unique_ptr<AnyModulePlaceholder>& content_of(AnyModule& module) { return module.*member_of(Content()); }

template <class... Types>
c10::IValue value_of_one(AnyValue& value) {
  c10::IValue found;
  auto take = [&](auto* held) {
    if (held != nullptr) found = to_ivalue(*held);
  };
  (take(value.try_get<Types>()), ...);
  return found;
}

// None for a type that is not listed: its shapes stay unknown.
c10::IValue value_of(AnyValue& value) {
  using at::Tensor;
  using Pair = std::tuple<Tensor, Tensor>;
  return value_of_one<Tensor, std::vector<Tensor>, Pair, std::tuple<Tensor, Tensor, Tensor>, std::tuple<Tensor, Pair>,
                      c10::optional<Tensor>, c10::optional<Pair>>(value);
}

bool is_same(const c10::IValue& a, const c10::IValue& b) {
  if (a.isTensor() && b.isTensor()) return a.toTensor().is_same(b.toTensor());
  if (!a.isTuple() || !b.isTuple()) return false;
  const auto& of_a = a.toTupleRef().elements();
  const auto& of_b = b.toTupleRef().elements();
  if (of_a.size() != of_b.size()) return false;
  for (std::size_t i = 0; i < of_a.size(); ++i)
    if (!is_same(of_a[i], of_b[i])) return false;
  return true;
}

}  // namespace

// How far a value has come through a Sequential.
class Passage {
 public:
  Passage(torch::nn::Module& sequential, std::size_t length) : sequential_(sequential), length_(length) {}

  void begin(std::size_t index, const std::vector<c10::IValue>& inputs) {
    if (index == 0) inputs_ = inputs;
    const bool continues = index == next_ && inputs.size() == 1 && is_same(inputs[0], last_);
    next_ = index == 0 || continues ? index : kLost;
  }
  void end(std::size_t index, const c10::IValue& output, ContainerWatcher& watcher) {
    if (next_ != index) return;
    last_ = output;
    next_ = index + 1;
    if (next_ == length_) watcher.passed(sequential_, inputs_, {output});
    if (next_ == length_) forget();
  }
  void forget() {
    next_ = kLost;
    inputs_.clear();
    last_ = {};
  }

 private:
  static constexpr std::size_t kLost = SIZE_MAX;
  torch::nn::Module& sequential_;
  std::size_t length_;
  std::size_t next_ = kLost;
  std::vector<c10::IValue> inputs_;
  c10::IValue last_;
};

namespace {

// Stands in the place of an AnyModuleHolder, and runs it.
class Wrapper final : public AnyModulePlaceholder {
 public:
  Wrapper(std::unique_ptr<AnyModulePlaceholder> wrapped, ContainerWatcher& watcher, std::size_t index,
          std::shared_ptr<Passage> passage)
      : AnyModulePlaceholder(wrapped->type_info),
        wrapped_(std::move(wrapped)),
        watcher_(watcher),
        index_(index),
        passage_(std::move(passage)) {
    using Holder = torch::nn::AnyModuleHolder<torch::nn::LinearImpl, at::Tensor>;
    static_assert(sizeof(Holder) == sizeof(AnyModulePlaceholder) + sizeof(module_));
    std::memcpy(&module_, reinterpret_cast<const char*>(wrapped_.get()) + sizeof(AnyModulePlaceholder),  // NOLINT
                sizeof(module_));
  }

  AnyValue forward(std::vector<AnyValue>&& arguments) override {
    std::vector<c10::IValue> inputs;
    for (AnyValue& argument : arguments) inputs.push_back(value_of(argument));
    const std::shared_ptr<torch::nn::Module> module = wrapped_->ptr();
    if (passage_) passage_->begin(index_, inputs);
    Call call{watcher_, *module, {}};
    watcher_.enter(*module, inputs);
    AnyValue output = wrapped_->forward(std::move(arguments));
    call.outputs = {value_of(output)};
    if (passage_) passage_->end(index_, call.outputs[0], watcher_);
    return output;
  }
  std::shared_ptr<torch::nn::Module> ptr() override { return wrapped_->ptr(); }
  std::unique_ptr<AnyModulePlaceholder> copy() const override { return wrapped_->copy(); }
  std::unique_ptr<AnyModulePlaceholder> clone_module(c10::optional<c10::Device> device) const override {
    return wrapped_->clone_module(device);
  }

  std::unique_ptr<AnyModulePlaceholder> unwrap() { return std::move(wrapped_); }

 private:
  struct Call {
    ContainerWatcher& watcher;
    torch::nn::Module& module;
    std::vector<c10::IValue> outputs;
    ~Call() { watcher.leave(module, outputs); }
  };

  // AnyModule::get<T>() casts its content to AnyModuleHolder<T, …> and takes the pointer that lies behind the base.
  // Here lie the bytes of that pointer: a view, which owns nothing.
  alignas(std::shared_ptr<void>) char module_[sizeof(std::shared_ptr<void>)];
  std::unique_ptr<AnyModulePlaceholder> wrapped_;
  ContainerWatcher& watcher_;
  std::size_t index_;
  std::shared_ptr<Passage> passage_;
};

}  // namespace

ContainersWatched::ContainersWatched(const std::vector<torch::nn::Module*>& modules, ContainerWatcher& watcher)
    : watcher_(watcher) {
  for (torch::nn::Module* module : modules) {
    if (auto* sequential = dynamic_cast<torch::nn::SequentialImpl*>(module)) {
      auto passage = std::make_shared<Passage>(*module, sequential->size());
      std::size_t index = 0;
      for (AnyModule& child : *sequential) wrap(child, index++, passage);
    } else if (auto* transformer = dynamic_cast<torch::nn::TransformerImpl*>(module)) {
      wrap(transformer->encoder, 0, nullptr);
      wrap(transformer->decoder, 0, nullptr);
    }
  }
}

ContainersWatched::~ContainersWatched() {
  for (AnyModule* module : wrapped_) {
    auto& content = content_of(*module);
    // Not ours any more where the forward replaced it.
    if (auto* wrapper = dynamic_cast<Wrapper*>(content.get())) content = wrapper->unwrap();
  }
}

void ContainersWatched::wrap(AnyModule& module, std::size_t index, const std::shared_ptr<Passage>& passage) {
  auto& content = content_of(module);
  if (content == nullptr) return;
  content = std::make_unique<Wrapper>(std::move(content), watcher_, index, passage);
  wrapped_.push_back(&module);
}

}  // namespace weigh::dry_run
