// Files of tests/data under their bare names, and screens that are compared to the last character.
#pragma once

#include <string>
#include <string_view>

#include "weigh/weigh.h"

namespace weigh::testing {

// Reads a file or folder of tests/data such that no path of this machine is in the model: its source is its last name.
Model read_bare(const std::string& name);

// Compares with tests/golden/render/NAME.txt. Where WEIGH_WRITE_GOLDEN is set, the text is written there instead, and
// the test fails, to be run again when the text was read.
void expect_golden(const std::string& name, const std::string& text);

}  // namespace weigh::testing
