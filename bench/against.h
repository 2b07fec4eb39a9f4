// Two programs side by side: what this one takes, beside one that was built before.
#pragma once

#include <string>

#include "scratch.h"
#include "table.h"

namespace weigh::bench {

// Both look at the same files in turn. A ratio below 1 means that `ours` takes less; nothing is limited.
void against(Table& table, const Scratch& scratch, const std::string& ours, const std::string& other);

}  // namespace weigh::bench
