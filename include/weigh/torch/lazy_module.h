// Layers whose parameters take their shape, their value or their very existence from the first input: what PyTorch's
// LazyModuleMixin is in Python (torch/nn/modules/lazy.py).
//
//   class ScaleImpl : public weigh::nn::LazyModule<ScaleImpl> {
//    public:
//     ScaleImpl() { reset(); }
//     void reset() override { weight = declare_parameter("weight"); }
//     void initialize_parameters(const torch::Tensor& x) { materialize(weight, {x.size(-1)}); }
//     void reset_parameters() override { torch::nn::init::ones_(weight); }
//     torch::Tensor forward(const torch::Tensor& x) {
//       weigh::nn::ForwardScope scope(*this, x);
//       infer(x);
//       return scope.returns(x * weight);
//     }
//     torch::Tensor weight;
//   };
//   TORCH_MODULE(Scale);
#pragma once

#include <map>
#include <set>
#include <string>
#include <typeinfo>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/torch/forward_scope.h"
#include "weigh/torch/known_size.h"
#include "weigh/torch/uninitialized.h"

namespace weigh::nn {

// What a dry run found out about a tensor.
struct FixedTensor {
  std::vector<std::int64_t> shape;
  torch::TensorOptions options;
  bool is_dropped = false;
};

// What all lazy layers have in common: dynamic_cast a torch::nn::Module to it. Derive from LazyModule instead.
class LazyLayer {
 public:
  LazyLayer() = default;
  LazyLayer(const LazyLayer&) = default;
  LazyLayer(LazyLayer&&) = default;
  LazyLayer& operator=(const LazyLayer&) = default;
  LazyLayer& operator=(LazyLayer&&) = default;
  virtual ~LazyLayer() = default;

  virtual torch::nn::Module& as_module() = 0;
  virtual const torch::nn::Module& as_module() const = 0;

  // Draws initial values. Called when all tensors have their shapes; a declared tensor that had values before (a tied
  // parameter, or one that was loaded) keeps them.
  virtual void reset_parameters() = 0;

  // The sizes that are known of one of its own tensors that has no shape yet; none where not even the rank is known.
  virtual std::vector<KnownSize> known_sizes(const std::string& /*name*/) const { return {}; }

  // Initialises the layer without an input: shapes by the names of its own tensors, then reset_parameters(). Names that
  // have a shape already must agree. Throws weigh::Error(usage) where a name is missing or a shape differs, or where
  // initial values are computed from inputs.
  void initialize_from(const std::map<std::string, FixedTensor>& tensors);

 protected:
  // Registers a tensor without a shape, under a name for messages. Undefined where the parameter was dropped before the
  // layer was cloned. For reset().
  torch::Tensor declare_parameter(const std::string& name, torch::TensorOptions options = {},
                                  bool requires_grad = true);
  torch::Tensor declare_buffer(const std::string& name, torch::TensorOptions options = {});

  // For initialize_parameters(): the shape of a declared tensor. One that has its shape already, being shared with
  // another layer or loaded, must have this one. Throws weigh::Error(usage) otherwise.
  void materialize(torch::Tensor& tensor, torch::IntArrayRef shape, torch::TensorOptions options = {});
  // For initialize_parameters(): the layer does without this parameter.
  void drop(const torch::Tensor& parameter);
  // Whether a declared parameter exists, after initialize_parameters() had its say.
  bool has(const torch::Tensor& parameter) const;

  // The type, as messages name it: "weigh::nn::LazyLinear".
  std::string type_name() const;
  // weigh::Error(usage) of this layer.
  [[noreturn]] void fail(const std::string& message) const;

  bool lacks_shapes();
  void replace(const torch::Tensor& parameter, const torch::Tensor& by);

  // Saving writes a mark for each tensor without a shape, which loading restores. Loading values into such a tensor
  // makes it real. Throws weigh::Error(usage) where a mark meets a tensor that has a shape.
  void write_to(torch::serialize::OutputArchive& archive) const;
  void read_from(torch::serialize::InputArchive& archive);

  // One initialisation; what it did is undone where it is not finished.
  class Initialization {
   public:
    explicit Initialization(LazyLayer& layer);
    ~Initialization();
    Initialization(const Initialization&) = delete;
    Initialization& operator=(const Initialization&) = delete;

    // Throws weigh::Error(usage) for a tensor that was forgotten. Then draws values, except in a dry run.
    void draw_values();
    void finish();
    bool is_dry() const { return is_dry_; }

   private:
    torch::NoGradGuard no_grad_;
    LazyLayer& layer_;
    bool is_dry_;
    bool is_finished_ = false;
    std::vector<std::pair<std::string, torch::Tensor>> lacking_;
  };

 private:
  virtual bool values_need_inputs() const = 0;
  virtual const std::type_info& type() const = 0;  // known in constructors, too
  virtual void replace_parameter(const std::string& name, const torch::Tensor& tensor) = 0;
  torch::OrderedDict<std::string, torch::Tensor> own_tensors() const;
  void reset_lacking(const std::vector<std::pair<std::string, torch::Tensor>>& lacking);

  void read_tensor(torch::serialize::InputArchive& archive, const std::string& name, torch::Tensor& tensor,
                   bool is_buffer);

  std::set<std::string> declared_;
  std::set<std::string> dropped_;
  bool is_complete_ = false;  // no tensor lacks its shape; none will lose it
};

// Base of a lazy layer `Derived`, which defines
//   void reset() override                        declares its tensors and registers its children, as for Cloneable
//   void initialize_parameters(inputs…)          gives the declared tensors their shapes
//   void reset_parameters() override             draws initial values
//   void initialize_values(inputs…)              only where initial values are computed from inputs (one function, no
//   template)
// with a signature of its own; infer(inputs…), called first in forward, calls them when they are needed.
template <class Derived>
class LazyModule : public torch::nn::Cloneable<Derived>, public LazyLayer {
 public:
  // Initialises what has no shape yet. During a dry run shapes are noted, and nothing is allocated or drawn. When
  // anything throws, the layer is as it was. Throws weigh::Error(usage) for a tensor that initialize_parameters forgot.
  template <class... Inputs>
  void infer(const Inputs&... inputs) {
    if (!lacks_shapes()) return;
    auto& self = static_cast<Derived&>(*this);
    Initialization initialization(*this);
    self.initialize_parameters(inputs...);
    initialization.draw_values();
    if constexpr (requires { &Derived::initialize_values; })
      if (!initialization.is_dry()) self.initialize_values(inputs...);
    initialization.finish();
  }

  torch::nn::Module& as_module() final { return *this; }
  const torch::nn::Module& as_module() const final { return *this; }

  void save(torch::serialize::OutputArchive& archive) const override { this->write_to(archive); }
  void load(torch::serialize::InputArchive& archive) override { this->read_from(archive); }

  // Makes a declared parameter the same tensor as one of another layer:
  //   layer->share(&LazyLinearImpl::weight, other->weight);
  void share(torch::Tensor Derived::*member, const torch::Tensor& tensor) {
    torch::Tensor& mine = static_cast<Derived&>(*this).*member;
    replace(mine, tensor);
    mine = tensor;
  }

 private:
  bool values_need_inputs() const final {
    return requires { &Derived::initialize_values; };
  }
  const std::type_info& type() const final { return typeid(Derived); }
  void replace_parameter(const std::string& name, const torch::Tensor& tensor) final {
    this->parameters_[name] = tensor;
  }
};

}  // namespace weigh::nn
