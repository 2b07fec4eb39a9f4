// Reading that can be given up while it goes on.
#pragma once

#include <functional>
#include <string>

#include "weigh/read.h"

namespace weigh {

// Reads as read(path, options) does, in a thread of its own, and meanwhile calls `meanwhile` in the caller's, some
// twenty times a second. What that throws ends the reading, of which nothing is left then, and is thrown on: so a
// program that must look at its signals, or at a button, can.
Model read_meanwhile(const std::string& path, const std::function<void()>& meanwhile, const ReadOptions& options = {});

}  // namespace weigh
