// A model's notes as lines for stderr: those of one kind share a line, few are left for the machine-readable form.
#pragma once

#include <string>
#include <vector>

#include "weigh/listing.h"
#include "weigh/model.h"

namespace weigh::cli {

// "weigh: FILE: WHAT, WHERE; WHAT TO DO", without the newline. Of the model and of what was found in it.
std::vector<std::string> note_lines(const Model& model, const std::vector<Note>& found = {});

// How many of the models have notes, in one such line; "" where none has.
std::string notes_line(const Listing& listing);

}  // namespace weigh::cli
