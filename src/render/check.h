// What was checked, in the form of each reader.
#pragma once

#include <span>
#include <string>

#include "weigh/check.h"

namespace weigh {

std::string render_check_table(std::span<const Checked> checked, const RenderOptions& options);
std::string render_check_json(std::span<const Checked> checked);
std::string render_junit(std::span<const Checked> checked);
std::string render_sarif(std::span<const Checked> checked);
std::string render_github(std::span<const Checked> checked);

// The message with the first places: "2 tensors are not initialised: conv1.lin_l.weight, conv1.lin_r.weight".
std::string told(const Finding& finding);

// What a rule is for; "" for what is none.
std::string_view purpose_of(std::string_view rule);

}  // namespace weigh
