// One function a form of output; render() chooses.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "render/grid.h"

#include "weigh/listing.h"
#include "weigh/render.h"

namespace weigh {

std::string render_table(const Summary& summary, const RenderOptions& options);
std::string render_lightning(const Summary& summary);
std::string render_json(const Summary& summary, const CacheQuestion& question);
std::string render_csv(const Summary& summary, const RenderOptions& options);
std::string render_markdown(const Summary& summary, const RenderOptions& options);
std::string render_html_table(const Summary& summary, const RenderOptions& options);
std::string render_svg(const Summary& summary);

// The chosen columns, or those that have something to say, and the caller's own, filled for as many rows. Throws
// Error(usage).
std::vector<GridColumn> fill_columns(const Summary& summary, const RenderOptions& options,
                                     std::size_t most_rows = SIZE_MAX);

// Those of a table of models that have something to say.
std::vector<GridColumn> listing_columns(const Listing& listing, const RenderOptions& options);

}  // namespace weigh
