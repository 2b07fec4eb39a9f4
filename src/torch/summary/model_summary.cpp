#include "weigh/torch/model_summary.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "render/io_shape.h"

#include "weigh/stopped.h"

namespace weigh {
namespace {

// What to do about a layer that is not initialised.
std::string_view remedy(const Model& model, Index module, bool all_known) {
  if (all_known) return "materialize(model, inputs…), or a forward, initialises it";
  if (model.runs.empty()) return "give an example input to know it: summarize(model, inputs…)";
  if (std::ranges::any_of(model.notes, tells_a_stop)) return "the forward stopped before it reached all of it";
  return model.runs[module].calls == 0 ? "the forward did not reach it" : "the forward left it so";
}

}  // namespace

ModelSummary::ModelSummary(const torch::nn::Module* module, Model model, SummaryOptions rows)
    : model_(std::make_unique<Model>(std::move(model))), rows_(std::move(rows)) {
  for (const auto& parameter : module->named_parameters()) tensors_.emplace(parameter.key(), parameter.value());
  for (const auto& buffer : module->named_buffers()) tensors_.emplace(buffer.key(), buffer.value());
}

ModelSummary::ModelSummary(const torch::jit::Module& module, Model model, SummaryOptions rows)
    : model_(std::make_unique<Model>(std::move(model))), rows_(std::move(rows)) {
  for (const auto& parameter : module.named_parameters()) tensors_.emplace(parameter.name, parameter.value);
  for (const auto& buffer : module.named_buffers()) tensors_.emplace(buffer.name, buffer.value);
}

ModelSummary::~ModelSummary() = default;
ModelSummary::ModelSummary(ModelSummary&&) noexcept = default;
ModelSummary& ModelSummary::operator=(ModelSummary&&) noexcept = default;

const Summary& ModelSummary::summary() const& {
  if (summary_) return *summary_;
  SummaryOptions options = rows_;
  options.count = [this](const Model&, const Tensor& tensor) { return count(tensor); };
  options.is_layer = [this](const Model&, Index module) { return is_layer(module); };
  auto made = std::make_unique<Summary>(summarize(*model_, options));
  made->count = {};  // the summary may outlive a move of this
  adjust(made->totals);
  summary_ = std::move(made);
  return *summary_;
}

std::string ModelSummary::text(RenderOptions options) const {
  Summary shown = summary();
  shown.count = [this](const Model&, const Tensor& tensor) { return count(tensor); };
  if (warnings().empty()) shown.uninitialized.clear();
  for (Column& column : columns()) options.own_columns.push_back(std::move(column));
  options.own_columns.insert(options.own_columns.end(), added_columns_.begin(), added_columns_.end());
  return render(shown, options);
}

torch::Tensor ModelSummary::live(const Tensor& tensor) const {
  const auto found = tensors_.find(model_->path_of(tensor));
  return found == tensors_.end() ? torch::Tensor() : found->second;
}

std::vector<Note> ModelSummary::warnings() const {
  std::map<Index, std::vector<const Tensor*>> lacking;  // by the module that owns them
  for (const Tensor& tensor : model_->tensors)
    if (tensor.state == State::uninitialised) lacking[tensor.module].push_back(&tensor);
  std::vector<Note> notes;
  for (const auto& [module, tensors] : lacking) {
    std::string known;
    bool all_known = true;
    for (const Tensor* tensor : tensors) {
      known += fmt::format("{}{} {}", known.empty() ? "" : ", ", tensor->name, shape_text(*model_, *tensor));
      all_known = all_known && model_->numel(*tensor).is_exact();
    }
    notes.push_back({"uninitialized", model_->path_of(module),
                     fmt::format("{} is not initialised yet ({}); {}", model_->modules[module].type, known,
                                 remedy(*model_, module, all_known))});
  }
  return notes;
}

bool ModelSummary::is_layer(Index) const { return true; }
Count ModelSummary::count(const Tensor& tensor) const { return model_->numel(tensor); }
std::vector<Column> ModelSummary::columns() const { return {}; }
void ModelSummary::adjust(Totals&) const {}

std::ostream& operator<<(std::ostream& stream, const ModelSummary& summary) { return stream << summary.text(); }

}  // namespace weigh
