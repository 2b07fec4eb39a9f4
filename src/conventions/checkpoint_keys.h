// What people call the parts of a checkpoint, and what stands before the names of its tensors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class CheckpointKey : std::uint8_t {
  model,         // a dictionary of tensors is surely a model if its key holds this
  average,       // a part is named like an average of another's weights if its name holds this, in whatever case
  average_word,  // the same, if it holds it as a word
  moment,        // a module of this name holds what an optimizer keeps of each parameter
};

struct CheckpointKeyRow : Row {
  CheckpointKey what = CheckpointKey::model;
};

bool is_named_like_a_model(std::string_view key);
bool is_named_like_an_average(std::string_view part);
bool is_named_like_a_moment(std::string_view module);

std::span<const CheckpointKeyRow> checkpoint_key_rows();

}  // namespace weigh::conventions
