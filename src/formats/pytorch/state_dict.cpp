#include "formats/pytorch/state_dict.h"

#include <fmt/format.h>

#include "formats/pytorch/lazy.h"

#include "weigh/error.h"

namespace weigh::pytorch {
namespace {

// `_metadata`, an attribute of the OrderedDict, lists every module in definition order, parameterless ones too.
void add_listed_modules(Assembler& assembler, Value state_dict, Index root) {
  if (!state_dict.is(Kind::object)) return;
  Value metadata = pickle::find(attributes_of(state_dict), "_metadata");
  for (const auto& [key, version] : mapping_entries(metadata)) {
    if (!key.is(Kind::string) || key.text().empty()) continue;
    assembler.check_length(root, key.text());
    assembler.builder().module(key.text(), root);
  }
}

}  // namespace

bool is_state_dict(Value value) {
  bool has_tensor = false;
  for (const auto& [key, held] : mapping_entries(value)) {
    if (is_tensor(held)) {
      if (!key.is(Kind::string)) return false;
      has_tensor = true;
    } else if (is_mapping(held) || held.is(Kind::list) || held.is(Kind::tuple)) {
      // A module's extra state is stored beside its tensors; any other container makes this a checkpoint.
      if (!key.is(Kind::string) || !key.text().ends_with("_extra_state")) return false;
    }
  }
  return has_tensor;
}

void add_state_dict(Assembler& assembler, Value state_dict, Index root) {
  Model& model = assembler.model();
  add_listed_modules(assembler, state_dict, root);
  LazyShapes shapes(assembler);
  const std::size_t first = model.tensors.size();
  for (const auto& [key, value] : mapping_entries(state_dict)) {
    if (!is_tensor(value)) continue;
    assembler.check_length(root, key.text());
    const Index module = assembler.builder().module_of(key.text(), root);
    const std::string_view name = ModelBuilder::name_in(module, key.text(), root);
    if (assembler.builder().find_in_module(name, module) != kNone) {
      throw Error(ErrorKind::corrupt, model.source,
                  fmt::format("the state dict sets '{}' twice; which one counts depends on the reader", key.text()));
    }
    Index index = assembler.add_to_module(value, name, module, std::nullopt);
    if (model.tensors[index].state == State::uninitialised) model.modules[module].lazy = true;
  }
  for (std::size_t i = first; i < model.tensors.size(); ++i)
    if (model.tensors[i].state == State::uninitialised && !model.tensors[i].rank_known() &&
        model.tensors[i].tied_to == kNone)
      shapes.complete_beside_bias(model.tensors[i].module);
}

}  // namespace weigh::pytorch
