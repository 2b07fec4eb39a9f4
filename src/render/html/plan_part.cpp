#include "render/html/plan_part.h"

#include <fmt/format.h>

#include "render/html/escape.h"
#include "render/html/html_grid.h"
#include "render/html/page.h"
#include "render/plan.h"

namespace weigh {

std::string plan_part(const Plan& plan, const RenderOptions& options) {
  const NumberStyle shown{options.exact, true};
  const NumberStyle exact{true, true};
  std::string out = fmt::format(
      "<div class=\"scroll\" tabindex=\"0\" role=\"region\" aria-label=\"Memory\">\n{}</div>\n<ul class=\"list\">\n",
      html_grid(columns_of(plan, shown), columns_of(plan, exact)));
  for (const std::string& sentence : sentences_of(plan, shown)) out += fmt::format("<li>{}</li>\n", escaped(sentence));
  return out + "</ul>\n";
}

std::string render(const Plan& plan, const Summary& summary, const RenderOptions& options) {
  if (options.format != RenderFormat::html) return render(plan, options);
  Page page(options, PagePart{"plan", plan.train ? "Memory to train" : "Memory to serve", plan_part(plan, options)});
  page.add(summary);
  return page.text();
}

}  // namespace weigh
