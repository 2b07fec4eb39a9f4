// Lists of models in the order, and as few, as the options for rows say.
#pragma once

#include "weigh/listing.h"
#include "weigh/summary.h"

namespace weigh::cli {

// Applies `sort`, `filter` and `top`.
void arrange(Listing& listing, const SummaryOptions& options);

}  // namespace weigh::cli
