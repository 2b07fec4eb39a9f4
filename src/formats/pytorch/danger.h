// Pickles that would run something when Python loads them.
#pragma once

#include <string_view>
#include <vector>

namespace weigh::pytorch {

// Throws Error(corrupt) where one of the globals runs commands, evaluates code or reaches the network or file system.
// Nothing runs here in any case, but whoever asks what is in such a file must be told.
void refuse_dangerous(const std::vector<std::string_view>& globals, std::string_view source);

}  // namespace weigh::pytorch
