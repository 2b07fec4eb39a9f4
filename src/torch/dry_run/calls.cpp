#include "dry_run/calls.h"

#include <algorithm>

#include "dry_run/io_shape.h"

namespace weigh::dry_run {
namespace {

// Which of several layers that share a tensor an operator is of, as far as its name tells.
bool fits(const Operator& op, const std::string_view type) {
  const bool is_lookup = op.name.find("embedding") != std::string::npos;
  return is_lookup == (type.find("Embedding") != std::string_view::npos);
}

bool makes_zeros(const Operator& op) { return op.name == "aten::zeros" || op.name == "aten::arange"; }

// What an EmbeddingBag does between its offsets and its product.
bool flattens(const Operator& op) { return op.name == "aten::reshape"; }

}  // namespace

Calls::Calls(const LiveModel& live, const Owners& owners)
    : live_(live), owners_(owners), runs_(live.model.modules.size()) {
  for (const torch::nn::Module* module : live.modules) kinds_.push_back(kind_of(*module));
  kinds_.resize(runs_.size(), LayerKind::of_user);  // of TorchScript, whose calls are all seen
}

void Calls::entered(Index module, const std::vector<c10::IValue>& inputs) {
  Run& run = runs_[module];
  run.witness = Witness::layer;
  if (run.calls++ == 0) run.in = io_shape(inputs);
  running_.push_back(module);
}

void Calls::left(Index module, const std::vector<c10::IValue>& outputs) {
  while (!running_.empty()) {
    const bool found = running_.back() == module;
    running_.pop_back();
    if (found) break;
  }
  if (runs_[module].calls == 1 && !outputs.empty()) runs_[module].out = io_shape(outputs);
}

void Calls::passed(Index sequential, const std::vector<c10::IValue>& inputs, const std::vector<c10::IValue>& outputs) {
  if (std::find(running_.begin(), running_.end(), sequential) != running_.end()) return;  // it tells itself
  entered(sequential, inputs);
  left(sequential, outputs);
}

void Calls::set_attention(Index module, Attention::Parameters parameters) {
  attentions_.emplace(module, std::move(parameters));
}

Index Calls::owner_of(const Operator& op, const std::vector<at::Tensor>& inputs) const {
  Owners::Modules candidates;
  for (const at::Tensor& input : inputs) {
    const Owners::Modules* owners = owners_.of(input);
    if (owners == nullptr) continue;
    if (owners->size() == 1) return owners->front();
    if (candidates.empty()) candidates = *owners;
  }
  if (candidates.empty()) return kNone;
  // Shared by several: the one whose turn it is.
  return *std::min_element(candidates.begin(), candidates.end(), [&](Index a, Index b) {
    auto rank = [&](Index module) {
      return std::pair(!fits(op, live_.model.modules[module].type), runs_[module].calls);
    };
    return rank(a) < rank(b);
  });
}

bool Calls::follows(Index before, Index module, const std::vector<at::Tensor>& inputs) const {
  if (before == kNone) return false;
  if (before != module) return runs_[module].calls < runs_[before].calls && kinds_[module] != LayerKind::unseen;
  if (kinds_[module] == LayerKind::attention)
    return attention_.is_within(runs_[module], inputs, attentions_.at(module));
  return open_.module == module && !is_used_again(inputs);
}

bool Calls::is_used_again(const std::vector<at::Tensor>& inputs) const {
  return std::any_of(inputs.begin(), inputs.end(), [&](const at::Tensor& input) {
    return owners_.of(input) != nullptr &&
           std::find(open_.used.begin(), open_.used.end(), storage_of(input)) != open_.used.end();
  });
}

void Calls::operated(const Operation& operation, Index owner) {
  if (owner == kNone) {
    operated_elsewhere(operation);
  } else if (std::find(running_.begin(), running_.end(), owner) != running_.end()) {
    open_ = {};
  } else {
    operated_on_layer(operation, owner);
  }
  if (owner == kNone && !makes_zeros(operation.op) && !flattens(operation.op)) made_.clear();
}

void Calls::operated_on_layer(const Operation& operation, Index owner) {
  Run& run = runs_[owner];
  if (kinds_[owner] == LayerKind::unseen) return;
  const bool is_known = kinds_[owner] != LayerKind::of_user;
  run.witness = is_known ? Witness::operators : Witness::parts;
  if (kinds_[owner] == LayerKind::attention) {
    if (attention_.operated(operation, attentions_.at(owner), run, owners_)) ++run.calls;
    return;
  }
  std::vector<at::Tensor> data;
  std::vector<const c10::StorageImpl*> used;
  for (std::size_t i = 0; i < operation.inputs.size(); ++i) {
    const at::Tensor& input = operation.inputs[i];
    const bool is_owned = owners_.of(input) != nullptr;
    if (is_owned && operation.is_written[i]) return;  // running statistics, or a norm that is kept: not a call
    if (is_owned) used.push_back(storage_of(input));
    if (!is_owned) data.push_back(input);
  }
  if (data.empty()) return;  // a view of a parameter
  if (open_.module != owner || is_used_again(operation.inputs)) begin(owner, data);
  open_.used.insert(open_.used.end(), used.begin(), used.end());
  if (is_known && run.calls == 1) run.out = outputs_of(owner, operation.outputs);
}

void Calls::begin(Index module, const std::vector<at::Tensor>& data) {
  open_ = {};
  open_.module = module;
  if (runs_[module].calls++ == 0 && kinds_[module] != LayerKind::of_user) runs_[module].in = inputs_of(module, data);
  made_.clear();
}

void Calls::operated_elsewhere(const Operation& operation) {
  attention_.operated_elsewhere(operation);
  if (makes_zeros(operation.op))
    for (const at::Tensor& output : operation.outputs) made_.emplace_back(output);
}

bool Calls::is_made_by_layer(const at::Tensor& tensor) const {
  return std::any_of(made_.begin(), made_.end(), [&](const Recognised& made) { return made.is(tensor); });
}

IOShape Calls::inputs_of(Index module, const std::vector<at::Tensor>& data) const {
  std::vector<IOShape> shapes;
  // An initial state of zeros, or offsets that count up, made just before: the layer itself makes them where it is
  // given none. What stands alone is no such thing but the input, a position embedding's arange().
  for (const at::Tensor& input : data)
    if (data.size() == 1 || !is_made_by_layer(input)) shapes.push_back(io_shape(input));
  switch (kinds_[module]) {
    case LayerKind::padded_convolution: {
      const auto padding = padding_beforehand(*live_.modules[module]);
      std::vector<Extent>& extents = shapes[0].extents;
      const std::size_t first = extents.size() - padding.size();
      for (std::size_t i = 0; i < padding.size(); ++i)
        extents[first + i] = Extent(extents[first + i].size() - static_cast<std::uint64_t>(padding[i]));
      break;
    }
    case LayerKind::embedding_bag:
      if (data.size() > 1 && is_made_by_layer(data[1]) && data[1].numel() > 0) {
        const std::int64_t bags = data[1].numel();
        const IOShape input = IOShape::tensor(
            {Extent(static_cast<std::uint64_t>(bags)), Extent(static_cast<std::uint64_t>(data[0].numel() / bags))});
        // Weights of the samples are the third argument.
        if (shapes.size() > 1) return IOShape::list({input, IOShape(), input});
        return input;
      }
      break;
    case LayerKind::lstm:
    case LayerKind::lstm_cell:
      if (shapes.size() == 3) shapes = {shapes[0], IOShape::list({shapes[1], shapes[2]})};
      break;
    default: break;
  }
  return one_or_list(std::move(shapes));
}

IOShape Calls::outputs_of(Index module, const std::vector<at::Tensor>& outputs) const {
  std::vector<IOShape> shapes;
  for (const at::Tensor& output : outputs) shapes.push_back(io_shape(output));
  switch (kinds_[module]) {
    case LayerKind::lstm:
      if (shapes.size() == 3) return IOShape::list({shapes[0], IOShape::list({shapes[1], shapes[2]})});
      break;
    case LayerKind::lstm_cell:
    case LayerKind::recurrent: break;
    default: return shapes.empty() ? IOShape() : shapes[0];
  }
  return one_or_list(std::move(shapes));
}

}  // namespace weigh::dry_run
