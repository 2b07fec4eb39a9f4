// The only way by which text enters a page of HTML, a picture of SVG or a report in XML.
#pragma once

#include <string>
#include <string_view>

namespace weigh {

// Control characters and those that deceive are written out (printable), then markup is made text: for element content
// and for attributes between double quotes.
std::string escaped(std::string_view text);

}  // namespace weigh
