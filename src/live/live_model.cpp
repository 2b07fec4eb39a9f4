#include <algorithm>
#include <optional>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "conventions/lazy_shapes.h"
#include "model/builder.h"

#include "weigh/error.h"
#include "weigh/live.h"

namespace weigh {

struct LiveModel::Parts {
  Parts()
      : builder(model, limits),
        shapes([this](std::string_view name, Index layer) { return builder.symbol(name, layer); }) {}
  conventions::Shape shape_of(const LiveTensor& tensor);
  conventions::Shape shape_of_tie(const LiveTensor& tensor) const;
  conventions::Shape shape_by_facts(const LiveTensor& tensor);

  Model model;
  Limits limits;
  ModelBuilder builder;
  conventions::LazyShapes shapes;
  std::unordered_map<Index, LayerFacts> facts;  // by module
};

namespace {

void require(bool is_there, const Model& model, std::string_view what, Index index, std::size_t count) {
  if (is_there) return;
  throw Error(ErrorKind::usage, model.source,
              fmt::format("no {} {} was added before: there are {}", what, index, count));
}

std::vector<Extent> known_extents(const std::vector<std::uint64_t>& sizes) {
  std::vector<Extent> extents;
  extents.reserve(sizes.size());
  for (const std::uint64_t size : sizes) extents.emplace_back(size);
  return extents;
}

}  // namespace

conventions::Shape LiveModel::Parts::shape_of(const LiveTensor& tensor) {
  if (tensor.shape && tensor.shape->size() > limits.dimensions) {
    throw Error(ErrorKind::limit, model.source,
                fmt::format("'{}' has {} dimensions, more than {} (limit dimensions)",
                            model.path_of(tensor.module, tensor.name), tensor.shape->size(), limits.dimensions));
  }
  if (tensor.tied_to != kNone) return shape_of_tie(tensor);
  return tensor.shape ? known_extents(*tensor.shape) : shape_by_facts(tensor);
}

conventions::Shape LiveModel::Parts::shape_of_tie(const LiveTensor& tensor) const {
  require(tensor.tied_to < model.tensors.size(), model, "tensor", tensor.tied_to, model.tensors.size());
  const Tensor& original = model.tensors[tensor.tied_to];
  conventions::Shape shape;
  if (original.rank_known()) shape.emplace(model.shape_begin(original), model.shape_end(original));
  if (tensor.shape && known_extents(*tensor.shape) != shape) {
    throw Error(ErrorKind::usage, model.source,
                fmt::format("'{}' and '{}' cannot be tied: their shapes differ",
                            model.path_of(tensor.module, tensor.name), model.path_of(original)));
  }
  return shape;
}

conventions::Shape LiveModel::Parts::shape_by_facts(const LiveTensor& tensor) {
  const auto own = facts.find(tensor.module);
  if (own == facts.end()) return std::nullopt;
  const Module& owner = model.modules[tensor.module];
  const auto parent = facts.find(owner.parent);
  const LayerFacts* above = parent == facts.end() ? nullptr : &parent->second;
  return shapes.of({&own->second, tensor.module, above, owner.parent, owner.name}, tensor.name);
}

LiveModel::LiveModel(std::string architecture, std::string format) : parts_(std::make_unique<Parts>()) {
  Model& model = parts_->model;
  model.format = std::move(format);
  model.kind = "live module";
  model.is_live = true;
  model.architecture = std::move(architecture);
  model.modules[0].type = model.keep(model.architecture);
}

LiveModel::LiveModel(LiveModel&&) noexcept = default;
LiveModel& LiveModel::operator=(LiveModel&&) noexcept = default;
LiveModel::~LiveModel() = default;

void LiveModel::set_mode(Index module, Mode mode) {
  Model& model = parts_->model;
  require(module < model.modules.size(), model, "module", module, model.modules.size());
  model.modules[module].mode = mode;
}

Index LiveModel::add_module(Index parent, std::string_view name, std::string_view type, Mode mode) {
  Model& model = parts_->model;
  require(parent < model.modules.size(), model, "module", parent, model.modules.size());
  const Index index = parts_->builder.add_child(parent, name);
  model.modules[index].type = model.keep(type);
  model.modules[index].mode = mode;
  return index;
}

Index LiveModel::add_alias(Index parent, std::string_view name, Index original) {
  Model& model = parts_->model;
  require(original < model.modules.size(), model, "module", original, model.modules.size());
  const Index index = add_module(parent, name, "", model.modules[original].mode);
  model.modules[index].type = model.modules[original].type;
  model.modules[index].alias_of = original;
  return index;
}

void LiveModel::know(Index module, LayerFacts facts) {
  const Model& model = parts_->model;
  require(module < model.modules.size(), model, "module", module, model.modules.size());
  parts_->facts[module] = std::move(facts);
}

Index LiveModel::add_tensor(const LiveTensor& tensor) {
  Model& model = parts_->model;
  require(tensor.module < model.modules.size(), model, "module", tensor.module, model.modules.size());
  Tensor entry;
  entry.name = tensor.name;
  entry.module = tensor.module;
  entry.dtype = tensor.dtype;
  entry.role = tensor.role;
  entry.role_evidence = Evidence::recorded;
  entry.requires_grad = tensor.requires_grad;
  entry.state = tensor.state;
  entry.layout = tensor.layout;
  entry.stored_bytes = tensor.stored_bytes;
  entry.tied_to = tensor.tied_to;
  const conventions::Shape shape = parts_->shape_of(tensor);
  if (!shape) entry.rank = Tensor::kUnknownRank;
  if (tensor.state == State::uninitialised) model.modules[tensor.module].lazy = true;
  const Index index = parts_->builder.add_to_module(entry, shape.value_or(std::vector<Extent>()));
  if (tensor.logical) model.quantized.push_back({index, Part::packed, tensor.scheme, *tensor.logical});
  if (tensor.is_overhead) model.quantized.push_back({index, Part::overhead});
  return index;
}

void LiveModel::set_run(Index module, Run run) {
  Model& model = parts_->model;
  require(module < model.modules.size(), model, "module", module, model.modules.size());
  model.runs.resize(std::max(model.runs.size(), model.modules.size()));
  model.runs[module] = std::move(run);
}

void LiveModel::add_note(Note note) { parts_->model.notes.push_back(std::move(note)); }

Model LiveModel::finish() && {
  Model& model = parts_->model;
  if (!model.runs.empty()) model.runs.resize(model.modules.size());
  return std::move(model);
}

}  // namespace weigh
