// Folded blocks that are opened: what the first of them holds, once, with the counts of all.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "analysis/build.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using testing::Build;
using testing::levels;

// Two blocks of an attention and three experts, a tensor of their own, and a head; every layer takes 10 FLOPs.
class Opened : public ::testing::Test {
 protected:
  Opened() {
    Model& model = b_.model();
    model.source = "net.pt";
    model.format = "PyTorch";
    for (const std::string block : {"net.h.0", "net.h.1"}) {
      b_.add(block + ".attn.weight", {4, 4});
      for (const char* expert : {"0", "1", "2"}) b_.add(block + ".experts." + expert + ".up.weight", {2, 4});
      b_.add(block + ".scale", {1});
    }
    b_.add("head.weight", {4});
    model.runs.resize(model.modules.size());
    for (Index i = static_cast<Index>(model.modules.size()) - 1; i > 0; --i) {
      if (model.modules[i].first_child == kNone) model.runs[i].flops = 10;
      model.runs[model.modules[i].parent].flops += model.runs[i].flops;
    }
  }

  std::string text(RenderFormat format, const SummaryOptions& summary, const std::vector<std::string>& columns) {
    RenderOptions options;
    options.format = format;
    options.columns = columns;
    options.unicode = unicode_;
    return render(summarize(b_.model(), summary), options);
  }

  Build b_;
  bool unicode_ = true;
};

TEST_F(Opened, AreATree) {
  const std::string table = text(RenderFormat::table, levels(-1), {"name", "params", "tensors", "flops"});
  EXPECT_EQ(table.substr(table.find("  Name")), R"(  Name                  Params   Tensors   FLOPs
  net                       82        10      80
  └ h.0…1  ×2               82        10      80
    ├ attn                  32         2      20
    ├ experts.0…2  ×3       48         6      60
    │ └ up                  48         6      60
    └ (own tensors)          2         2
  head                       4         1      10

  86 parameters · all trainable · 344 B · 90 FLOPs forward
)");
  unicode_ = false;
  const std::string ascii = text(RenderFormat::table, levels(3), {"name", "params"});
  EXPECT_EQ(ascii.substr(ascii.find("  Name")), R"(  Name                      Params
  net                           82
  `- h.0...1  x2                82
     |- attn                    32
     |- experts.0...2  x3       48
     `- (own tensors)            2
  head                           4

  86 parameters - all trainable - 344 B - 90 FLOPs forward
)");
}

TEST_F(Opened, AreCalledByTheirWholePathsInAList) {
  const std::string table = text(RenderFormat::table, levels(-1).by(SortKey::parameters).first(3), {"name", "params"});
  EXPECT_EQ(table.substr(table.find("  Name")), R"(  Name                           Params
  net.h.0…1.experts.0…2.up  ×6       48
  net.h.0…1.attn  ×2                 32
  head                                4
  1 more rows

  86 parameters · all trainable · 344 B · 90 FLOPs forward
)");
}

TEST_F(Opened, AreCalledByTheirWholePathsInMarkdown) {
  const std::string table = text(RenderFormat::markdown, levels(3), {"name", "params"});
  EXPECT_EQ(table.substr(table.find("| Name")), R"(| Name | Params |
|---|--:|
| `net` | 82 |
| `net.h.0…1  ×2` | 82 |
| `net.h.0…1.attn  ×2` | 32 |
| `net.h.0…1.experts.0…2  ×6` | 48 |
| `net.h.0…1 (own tensors)  ×2` | 2 |
| `head` | 4 |

86 parameters, 344 B
)");
}

TEST_F(Opened, AreCalledByTheirWholePathsInHtml) {
  const std::string table = text(RenderFormat::html_table, levels(2), {"name"});
  EXPECT_NE(table.find(">net.h.0…1  ×2</td>"), std::string::npos) << table;
  EXPECT_NE(text(RenderFormat::html_table, levels(3), {"name"}).find(">net.h.0…1.attn  ×2</td>"), std::string::npos);
}

TEST_F(Opened, TellHowManyTheyAreInCsv) {
  EXPECT_EQ(text(RenderFormat::csv, levels(3), {}),
            "path,type,depth,repeat,parameters,exact,expression,trainable,buffers,bytes,bytes_exact,tensors,dtypes,"
            "lazy,mode\r\n"
            "net,,1,1,82,true,,82,0,328,true,10,f32,false,\r\n"
            "net.h.0,,2,2,82,true,,82,0,328,true,10,f32,false,\r\n"
            "net.h.0.attn,,3,2,32,true,,32,0,128,true,2,f32,false,\r\n"
            "net.h.0.experts.0,,3,6,48,true,,48,0,192,true,6,f32,false,\r\n"
            "net.h.0 (own tensors),,3,2,2,true,,2,0,8,true,2,f32,false,\r\n"
            "head,,1,1,4,true,,4,0,16,true,1,f32,false,\r\n");
}

}  // namespace
}  // namespace weigh
