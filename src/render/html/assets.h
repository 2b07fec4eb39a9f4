// The files beside this one, as they are, and what a Content-Security-Policy calls them: cmake/embed.cmake.
#pragma once

#include <string_view>

namespace weigh::assets {

extern const std::string_view kPageHtml;
extern const std::string_view kTreemapCss;
extern const std::string_view kStyle;  // treemap.css and style.css
extern const std::string_view kReportJs;
extern const std::string_view kStyleHash;  // "sha256-…"
extern const std::string_view kReportJsHash;

}  // namespace weigh::assets
