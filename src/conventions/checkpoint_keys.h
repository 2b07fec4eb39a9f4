// What people call the parts of a checkpoint, and what stands before the names of its tensors.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "conventions/row.h"

namespace weigh::conventions {

enum class CheckpointKey : std::uint8_t {
  model,    // a dictionary of tensors is surely a model if its key holds this
  average,  // a part is named like an average of another's weights if its name holds this, in whatever case
  wrapper,  // the names of a wrapped module's tensors begin so
};

struct CheckpointKeyRow : Row {
  CheckpointKey what = CheckpointKey::model;
};

bool is_named_like_a_model(std::string_view key);
bool is_named_like_an_average(std::string_view part);
// The tensor's name without the wrapper's.
std::string_view without_wrapper(std::string_view tensor);

std::span<const CheckpointKeyRow> checkpoint_key_rows();

}  // namespace weigh::conventions
