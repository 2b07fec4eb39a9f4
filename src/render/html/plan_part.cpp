#include "render/html/plan_part.h"

#include <fmt/format.h>

#include "render/html/escape.h"
#include "render/html/html_grid.h"
#include "render/plan.h"

namespace weigh {

std::string plan_part(const Plan& plan, const RenderOptions& options) {
  const NumberStyle shown{options.exact, true};
  const NumberStyle exact{true, true};
  std::string out = html_grid(columns_of(plan, shown), columns_of(plan, exact));
  out += "<ul>\n";
  for (const std::string& sentence : sentences_of(plan, shown)) out += fmt::format("<li>{}</li>\n", escaped(sentence));
  return out + "</ul>\n";
}

}  // namespace weigh
