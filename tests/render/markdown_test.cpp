// Markdown for a pull request: a name cannot become markup.
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/golden.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using testing::Build;

std::string markdown(const Model& model, const std::vector<std::string>& columns = {}) {
  RenderOptions options;
  options.format = RenderFormat::markdown;
  options.columns = columns;
  return render(summarize(model), options);
}

TEST(Markdown, IsATableWithTotalsAndWhatIsNotInitialised) {
  EXPECT_EQ(markdown(testing::read_bare("pytorch/gat_module_before.pt")),
            R"(**gat\_module\_before.pt**: PyTorch, pickled module, GAT

| Name | Type | Params | Size | Mode |  |
|---|---|--:|--:|---|---|
| `conv1` | GATv2Conv | 16·in + 32 | ≥ 128 B | train | lazy |
| `fc` | Linear | 18 | 72 B | train |  |

≥ 50 parameters, ≥ 200 B

Not initialised yet:

- `conv1.lin_l.weight` `[8, in]`
- `conv1.lin_r.weight` `[8, in]`
)");
}

TEST(Markdown, NamesALiveModelByItsClass) {
  Build b;
  b.model().format = "PyTorch";
  b.model().kind = "live module";
  b.model().architecture = "Net";
  b.model().is_live = true;
  b.add("fc.weight", {2, 2});
  EXPECT_EQ(markdown(b.model()), R"(**Net**: PyTorch, live module

| Name | Params | Size |
|---|--:|--:|
| `fc` | 4 | 16 B |

4 parameters, 16 B
)");
}

TEST(Markdown, EscapesWhatWouldBeMarkup) {
  Build b;
  b.model().source = "a|b<img src=x>.pt";
  b.model().format = "PyTorch";
  b.model().architecture = "[Net](http)*_`~#!&\\";
  b.add("code`span.weight", {1});
  b.add("cell|bar.weight", {1});
  b.add("<b>bold.weight", {1});
  b.module("<b>bold").type = "<script>|`x`";
  b.add("two\nlines.weight", {1});
  EXPECT_EQ(markdown(b.model(), {"name", "type"}), R"(**a\|b\<img src=x\>.pt**: PyTorch, \[Net\](http)\*\_\`\~\#\!\&\\

| Name | Type |
|---|---|
| code\`span |  |
| cell\|bar |  |
| `<b>bold` | \<script\>\|\`x\` |
| `two\nlines` |  |

4 parameters, 16 B
)");
}

TEST(Markdown, ShowsCodeOnlyInAFirstColumnOfNames) {
  Build b;
  b.model().source = "x.pt";
  b.model().format = "safetensors";
  b.add("fc_1.weight", {1});
  EXPECT_EQ(markdown(b.model(), {"params", "name"}),
            "**x.pt**: safetensors\n\n| Params | Name |\n|--:|---|\n| 1 | fc\\_1 |\n\n1 parameters, 4 B\n");
}

}  // namespace
}  // namespace weigh
