// HTML for a notebook: a name cannot become markup.
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/golden.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using testing::Build;

std::string html(const Model& model, const std::vector<std::string>& columns) {
  RenderOptions options;
  options.format = RenderFormat::html_table;
  options.columns = columns;
  return render(summarize(model), options);
}

TEST(Html, IsATableWithTotalsAndWhatIsNotInitialised) {
  EXPECT_EQ(html(testing::read_bare("pytorch/gat_module_before.pt"), {"name", "params"}),
            R"(<table>
<caption>gat_module_before.pt · PyTorch, pickled module</caption>
<thead><tr><th style="text-align: left; white-space: pre">Name</th><th style="text-align: right; white-space: pre">Params</th></tr></thead>
<tbody>
<tr><td style="text-align: left; white-space: pre">conv1</td><td style="text-align: right; white-space: pre">16·in + 32</td></tr>
<tr><td style="text-align: left; white-space: pre">fc</td><td style="text-align: right; white-space: pre">18</td></tr>
</tbody>
</table>
<p>≥ 50 parameters, ≥ 200 B</p>
<p>Not initialised yet:</p>
<ul>
<li>conv1.lin_l.weight [8, in]</li>
<li>conv1.lin_r.weight [8, in]</li>
</ul>
)");
}

TEST(Html, EscapesWhatWouldBeMarkup) {
  Build b;
  b.model().source = "<img src=\"x\">&'.pt";
  b.model().format = "PyTorch";
  b.add("<b>bold.weight", {1});
  EXPECT_EQ(html(b.model(), {"name"}),
            "<table>\n<caption>&lt;img src=&quot;x&quot;&gt;&amp;&#39;.pt · PyTorch</caption>\n"
            "<thead><tr><th style=\"text-align: left; white-space: pre\">Name</th></tr></thead>\n<tbody>\n"
            "<tr><td style=\"text-align: left; white-space: pre\">&lt;b&gt;bold</td></tr>\n</tbody>\n</table>\n"
            "<p>1 parameters, 4 B</p>\n");
}

}  // namespace
}  // namespace weigh
