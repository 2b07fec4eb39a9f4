// The summary of a live module, and statistics of one's own.
//
//   std::cout << weigh::summarize(net);                        without an input: 64·in + 64 where that is all we know
//   std::cout << weigh::summarize(net, x, edge_index);         exact, with shapes and FLOPs; nothing is initialised
//   weigh::summarize(net, x, weigh::LiveOptions{.with_backward = true, .rows = {.depth = 2}});
//
// For statistics of one's own, derive and override what is counted, what has a row, columns, totals or the warnings:
//
//   class Unfrozen : public weigh::ModelSummary {
//    public:
//     using ModelSummary::ModelSummary;
//    private:
//     weigh::Count count(const weigh::Tensor& tensor) const override {
//       return live(tensor).requires_grad() ? ModelSummary::count(tensor) : weigh::Count();
//     }
//   };
//   std::cout << Unfrozen(net, weigh::describe(net, x));
#pragma once

#include <cstdlib>
#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>
#include <vector>

#include <torch/torch.h>

#include "weigh/render.h"
#include "weigh/summary.h"
#include "weigh/torch/describe.h"
#include "weigh/torch/script.h"

namespace weigh {
namespace detail {

template <class Module>
concept TorchModule = NativeModule<Module> || std::is_same_v<std::remove_cvref_t<Module>, torch::jit::Module>;

template <class>
inline constexpr bool kNever = false;

}  // namespace detail

class ModelSummary {
 public:
  // `model` is what describe(module, …) told.
  ModelSummary(const torch::jit::Module& module, Model model, SummaryOptions rows = {});
  template <detail::NativeModule Module>
  ModelSummary(Module&& module, Model model, SummaryOptions rows = {})
      : ModelSummary(static_cast<const torch::nn::Module*>(&detail::module_in(module)), std::move(model),
                     std::move(rows)) {}
  virtual ~ModelSummary();
  ModelSummary(ModelSummary&&) noexcept;
  ModelSummary& operator=(ModelSummary&&) noexcept;

  const Model& model() const& { return *model_; }
  // Made when it is first asked for, since it asks what a derived class overrides.
  const Summary& summary() const&;
  // What they give belongs to this, and ends with it.
  template <class Asked = void>
  const Model& model() const&& {
    static_assert(detail::kNever<Asked>,
                  "the Model belongs to this ModelSummary, which ends with the statement: keep it, "
                  "const auto summary = weigh::summarize(...); summary.model()");
    return *model_;
  }
  template <class Asked = void>
  const Summary& summary() const&& {
    static_assert(detail::kNever<Asked>,
                  "the Summary belongs to this ModelSummary, which ends with the statement: keep "
                  "it, const auto summary = weigh::summarize(...); summary.summary()");
    return *summary_;
  }
  // In any form; the table by default.
  std::string text(RenderOptions options = {}) const;
  // A column for the table that is no built-in one, behind those of columns().
  void add_column(Column column) { added_columns_.push_back(std::move(column)); }
  // The tensor of the module; undefined where it has none of that name.
  torch::Tensor live(const Tensor& tensor) const;

  // What is not initialised, a note for each layer that owns such: its path, what is known, what to do. Empty: the
  // table does not mention it either.
  virtual std::vector<Note> warnings() const;

 protected:
  // Whether the module has a row; one without hides all below it, and is counted in those above.
  virtual bool is_layer(Index module) const;
  // How many elements a tensor counts for. Of tied tensors only the first is asked about.
  virtual Count count(const Tensor& tensor) const;
  // Columns behind the built-in ones.
  virtual std::vector<Column> columns() const;
  // The last word about the totals.
  virtual void adjust(Totals& totals) const;

 private:
  ModelSummary(const torch::nn::Module* module, Model model, SummaryOptions rows);

  std::unique_ptr<Model> model_;  // where it is stays, for summary_ refers to it
  SummaryOptions rows_;
  std::unordered_map<std::string, torch::Tensor> tensors_;
  std::vector<Column> added_columns_;
  mutable std::unique_ptr<Summary> summary_;
};

// Text of the table, with the signs that the stream's reader most likely knows.
std::ostream& operator<<(std::ostream& stream, const ModelSummary& summary);

struct LiveOptions {
  Forward forward = Forward::dry;
  bool with_backward = false;
  SummaryOptions rows = {};
};

namespace detail {

// A LightningModule may know an example.
template <class Module>
Model describe_alone(Module& module, const LiveOptions& options) {
  if constexpr (requires { module.describe_example(DescribeOptions()); })
    if (auto model = module.describe_example({options.forward, options.with_backward})) return *std::move(model);
  return describe(std::as_const(module));
}

template <class Module, class... Inputs>
ModelSummary summarize_with(const LiveOptions& options, Module& module, const Inputs&... inputs) {
  if constexpr (sizeof...(Inputs) > 0) {
    return ModelSummary(module, describe_with({options.forward, options.with_backward}, module, inputs...),
                        options.rows);
  } else if constexpr (NativeModule<Module>) {
    return ModelSummary(module, describe_alone(module_in(module), options), options.rows);
  } else {
    return ModelSummary(module, describe(std::as_const(module)), options.rows);
  }
}

}  // namespace detail

// Of a module, its holder, a std::shared_ptr to it, or a TorchScript module, with the inputs of one forward or with
// none (then with the example input of a LightningModule that has one); LiveOptions may stand behind them. What is
// returned stands alone: the module may be a temporary.
template <class Module, class... Arguments>
requires(!std::is_same_v<std::remove_cvref_t<Module>, Model>) ModelSummary
    summarize(Module&& module, const Arguments&... arguments) {
  static_assert(
      detail::TorchModule<Module>,
      "weigh::summarize takes a torch::nn::Module, its holder (torch::nn::Linear), a std::shared_ptr to it, a "
      "torch::jit::Module or a weigh::Model; is it a pointer or a std::unique_ptr, whose * is meant?");
  constexpr std::size_t kCount = sizeof...(Arguments);
  using Last = std::decay_t<std::tuple_element_t<kCount, std::tuple<void*, Arguments...>>>;
  const auto all = std::forward_as_tuple(arguments...);
  if constexpr (!detail::TorchModule<Module>) {
    std::abort();  // refused above
  } else if constexpr (std::is_same_v<Last, LiveOptions>) {
    return [&]<std::size_t... I>(std::index_sequence<I...>) {
      return detail::summarize_with(std::get<kCount - 1>(all), module, std::get<I>(all)...);
    }
    (std::make_index_sequence<kCount - 1>());
  } else {
    return detail::summarize_with({}, module, arguments...);
  }
}

}  // namespace weigh
