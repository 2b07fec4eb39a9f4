#include "formats/deepspeed/model_states.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "model/builder.h"

#include "weigh/error.h"

namespace weigh::deepspeed {

using namespace pytorch;  // NOLINT(google-build-using-namespace): what it reads are PyTorch's files

void ModelStates::read() {
  for (Value group : sequence_items(file_["param_shapes"])) add_shapes(group, RequiresGrad::yes);
  add_shapes(file_["param_shapes"], RequiresGrad::yes);  // of old versions, one group
  add_shapes(file_["frozen_param_shapes"], RequiresGrad::no);
  for (Value name : sequence_items(file_["buffer_names"]))
    if (name.is(Kind::string)) buffers_.insert(name.text());
  for (const auto& [name, value] : mapping_entries(file_["module"])) {
    if (!name.is(Kind::string) || !is_tensor(value)) continue;
    assembler_.check_length(0, name.text());
    if (assembler_.builder().find(name.text()) != kNone)
      throw Error(ErrorKind::corrupt, file_.label(),
                  fmt::format("the state dict sets '{}' twice; which one counts depends on the reader", name.text()));
    add(name.text(), value);
  }
  add_ties();
  note_without_size();
}

// {NAME: torch.Size}
void ModelStates::add_shapes(Value shapes, RequiresGrad requires_grad) {
  for (const auto& [name, size] : mapping_entries(shapes)) {
    if (!name.is(Kind::string)) continue;
    Wanted& wanted = wanted_[name.text()];
    wanted.requires_grad = requires_grad;
    const auto arguments = arguments_of(size);
    std::optional<std::uint64_t> elements = 16;  // bytes of the widest dtype
    for (Value extent : (arguments.size() == 1 ? arguments[0] : size).items()) {
      if (!extent.is(Kind::integer) || extent.integer() < 0)
        fail(name.text(), "has an extent in param_shapes that is no size");
      wanted.shape.emplace_back(static_cast<std::uint64_t>(extent.integer()));
      elements = elements ? checked_mul(*elements, wanted.shape.back().size()) : std::nullopt;
    }
    if (!elements) fail(name.text(), "has more elements in param_shapes than 64 bits count");
    if (wanted.shape.size() > limits_.dimensions)
      fail(name.text(),
           fmt::format("has {} dimensions, more than {} (limit dimensions)", wanted.shape.size(), limits_.dimensions));
  }
}

void ModelStates::add(std::string_view name, Value value) {
  const Index index = assembler_.add_by_path(value, name);
  const auto wanted = wanted_.find(name);
  const bool is_buffer = buffers_.contains(name);
  Tensor& tensor = model_.tensors[index];
  if (!is_buffer && wanted == wanted_.end()) return be_frozen(tensor);
  tensor.role_evidence = Evidence::recorded;
  tensor.role = is_buffer ? Role::buffer : Role::parameter;
  if (is_buffer) return;
  tensor.requires_grad = wanted->second.requires_grad;
  tensor.tied_to = kNone;  // parameters without elements are all alike; shared ones are recorded
  tensor.state = State::initialised;
  if (tensor.rank_known() && std::equal(model_.shape_begin(tensor), model_.shape_end(tensor),
                                        wanted->second.shape.begin(), wanted->second.shape.end()))
    return;
  assembler_.set_shape(index, wanted->second.shape);
  Tensor& whole = model_.tensors[index];
  whole.layout = Layout::strided;
  whole.stored_bytes = model_.bytes(whole).known();
}

// Where it is said which parameters are trained, the others are not.
void ModelStates::be_frozen(Tensor& tensor) const {
  const bool has_size = tensor.rank != 1 || *model_.shape_begin(tensor) != Extent(0);
  if (wanted_.empty() || tensor.tied_to != kNone || !has_size || tensor.role == Role::buffer) return;
  tensor.role_evidence = Evidence::recorded;
  tensor.requires_grad = RequiresGrad::no;
}

// Names of parameters that are others': {"lm_head.weight": "embed.weight"}.
void ModelStates::add_ties() {
  for (const auto& [name, partner] : mapping_entries(file_["shared_params"])) {
    if (!name.is(Kind::string) || !partner.is(Kind::string)) continue;
    const Index original = assembler_.builder().find(partner.text());
    const Index tied = assembler_.builder().find(name.text());
    if (original == kNone || original == tied) continue;
    if (tied == kNone || tied < original || model_.tensors[original].tied_to != kNone) continue;
    assembler_.builder().tie(tied, original);
  }
}

// Of tied parameters ZeRO 3 keeps one; the others have no elements, and nobody tells that they are tied.
void ModelStates::note_without_size() {
  for (const Tensor& tensor : model_.tensors) {
    const bool has_none = tensor.rank == 1 && tensor.tied_to == kNone && *model_.shape_begin(tensor) == Extent(0);
    if (!has_none || tensor.role_recorded()) continue;
    model_.notes.push_back({"no-size", model_.path_of(tensor),
                            "has no elements, and its size is not recorded: is it tied to another? It is counted as "
                            "nothing"});
  }
}

std::set<std::uint64_t> ModelStates::numbered_modules() const {
  std::set<std::uint64_t> numbers;
  for (const auto& [name, wanted] : wanted_) {
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
    if (error == std::errc() && end != name.data() + name.size() && *end == '.') numbers.insert(number);
  }
  return numbers;
}

// Parameters that the state dict leaves out: their dtype is not known.
void ModelStates::finish() {
  ModelBuilder builder(model_, limits_);  // others may have added modules meanwhile
  for (const auto& [name, wanted] : wanted_) {
    if (builder.find(name) != kNone) continue;
    assembler_.check_length(0, name);
    Tensor tensor;
    tensor.role_evidence = Evidence::recorded;
    tensor.requires_grad = wanted.requires_grad;
    tensor.state = State::missing;
    builder.add_by_path(tensor, name, wanted.shape);
  }
}

void ModelStates::fail(std::string_view name, const std::string& message) const {
  throw Error(ErrorKind::corrupt, file_.label(), fmt::format("parameter '{}' {}", name.substr(0, 200), message));
}

}  // namespace weigh::deepspeed
