// One function a form of output; render() chooses.
#pragma once

#include <string>
#include <vector>

#include "render/grid.h"

#include "weigh/render.h"

namespace weigh {

std::string render_table(const Summary& summary, const RenderOptions& options);
std::string render_lightning(const Summary& summary);
std::string render_json(const Summary& summary, const CacheQuestion& question);
std::string render_csv(const Summary& summary, const RenderOptions& options);
std::string render_markdown(const Summary& summary, const RenderOptions& options);
std::string render_html(const Summary& summary, const RenderOptions& options);

// The chosen columns, or those that have something to say, and the caller's own, filled. Throws Error(usage).
std::vector<GridColumn> fill_columns(const Summary& summary, const RenderOptions& options);

}  // namespace weigh
