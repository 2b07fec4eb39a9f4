#include "dry_run/attention.h"

#include "dry_run/io_shape.h"

namespace weigh::dry_run {
namespace {

bool takes(const std::vector<at::Tensor>& inputs, const at::Tensor& parameter) {
  if (!parameter.defined()) return false;
  for (const at::Tensor& input : inputs)
    if (storage_of(input) == storage_of(parameter)) return true;
  return false;
}

}  // namespace

bool Attention::operated(const Operation& operation, const Parameters& parameters, Run& run, const Owners& owners) {
  std::vector<at::Tensor> data;
  for (const at::Tensor& input : operation.inputs)
    if (owners.of(input) == nullptr) data.push_back(input);
  if (data.empty()) return false;  // a view of a parameter
  for (const at::Tensor& weight : parameters.input) {
    if (!takes(operation.inputs, weight)) continue;
    const bool begins = stage_ != Stage::input || run_ != &run;
    if (begins) begin(run);
    projected_.push_back(io_shape(data[0]));
    tell_inputs();
    return begins;
  }
  if (run_ == &run && takes(operation.inputs, parameters.output)) {
    stage_ = Stage::output;
    tell_outputs(io_shape(operation.outputs[0]), IOShape());
  }
  return false;
}

bool Attention::is_within(const Run& run, const std::vector<at::Tensor>& inputs, const Parameters& parameters) const {
  return run_ == &run && (stage_ == Stage::input || takes(inputs, parameters.output));
}

void Attention::operated_elsewhere(const Operation& operation) {
  if (run_ == nullptr || stage_ == Stage::input) return;
  const std::string& name = operation.op.name;
  const IOShape output = run_->out.items.empty() ? IOShape() : run_->out.items[0];
  if (stage_ == Stage::output && (name == "aten::add_" || name == "aten::add")) return;
  if (stage_ == Stage::output && name == "aten::view" && operation.outputs[0].dim() == 4) {
    stage_ = Stage::weights;
    tell_outputs(output, io_shape(operation.outputs[0]));
  } else if (stage_ == Stage::weights && (name == "aten::sum" || name == "aten::mean")) {
    tell_outputs(output, io_shape(operation.outputs[0]));
    run_ = nullptr;
  } else {
    run_ = nullptr;
  }
}

void Attention::begin(Run& run) {
  run_ = &run;
  is_first_ = run.calls == 0;
  stage_ = Stage::input;
  projected_.clear();
}

// Query, key and value are projected together where they are one, and key and value where those are.
void Attention::tell_inputs() {
  if (!is_first_) return;
  const IOShape& query = projected_.front();
  const IOShape& key = projected_.size() > 1 ? projected_[1] : query;
  run_->in = IOShape::list({query, key, projected_.size() > 2 ? projected_[2] : key});
}

void Attention::tell_outputs(IOShape output, IOShape weights) {
  if (is_first_) run_->out = IOShape::list({std::move(output), std::move(weights)});
}

}  // namespace weigh::dry_run
