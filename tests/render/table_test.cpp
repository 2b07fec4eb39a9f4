// The table: columns, marks, and what a hostile file may not do to a terminal.
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/golden.h"
#include "support/files.h"

#include "weigh/error.h"

namespace weigh {
namespace {

using testing::Build;

std::string with_columns(const Model& model, std::vector<std::string> columns) {
  RenderOptions options;
  options.columns = std::move(columns);
  return render(summarize(model), options);
}

TEST(Table, ShowsTheColumnsThatWereChosenInTheirOrder) {
  EXPECT_EQ(with_columns(testing::read_bare("pytorch/modules/frozen_backbone_module.pt"),
                         {"name", "share", "tensors", "params", "size", "marks"}),
            R"(frozen_backbone_module.pt · PyTorch, pickled module · Frozen · 11 tensors

  Name                    Share   Tensors   Params    Size
  backbone    80.0 % ████████           7      120   520 B
  neck        13.3 % █▍                 2       20    80 B
  head         6.7 % ▋                  2       10    40 B

  150 parameters · 26 trainable, 124 frozen · 9 in buffers · 640 B
  float32 158 (632 B) · int64 1 (8 B)
)");
}

TEST(Table, BeginsWithAnotherColumnOnRequest) {
  EXPECT_EQ(with_columns(testing::read_bare("pytorch/gat_module_after.pt"), {"params", "type", "name"}),
            R"(gat_module_after.pt · PyTorch, pickled module · GAT · 8 tensors

  Params   Type        Name
     288   GATv2Conv   conv1
      18   Linear      fc

  306 parameters · all trainable · 1.224 kB
)");
}

TEST(Table, ShowsNoShareOfWhatIsNotAllKnown) {
  const std::string text = with_columns(testing::read_bare("pytorch/gat_module_before.pt"), {"name", "share"});
  EXPECT_EQ(text.find('%'), std::string::npos) << text;
}

TEST(Table, RefusesAColumnThatDoesNotExist) {
  const Model model;
  EXPECT_EQ(testing::error_of([&] {
              with_columns(model, {"name", "flop\x1bs"});
            }),
            "there is no column 'flop\\x1bs'; there are name, type, params, active, share, trainable, buffers, size, "
            "bits, tensors, dtypes, evidence, mode, in, out, flops, backward, activations, calls, marks");
  try {
    with_columns(model, {""});
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::usage);
  }
}

TEST(Table, NamesItsColumns) {
  const std::vector<std::string_view> keys = {
      "name",   "type",     "params", "active", "share", "trainable", "buffers",  "size",        "bits",  "tensors",
      "dtypes", "evidence", "mode",   "in",     "out",   "flops",     "backward", "activations", "calls", "marks"};
  EXPECT_EQ(column_keys(), keys);
}

TEST(Table, AddsTheCallersColumns) {
  Build b;
  b.model().source = "own.pt";
  b.model().format = "PyTorch";
  b.add("fc.weight", {4, 4});
  b.add("head.weight", {2});
  RenderOptions options;
  options.own_columns.push_back({"twice", "Twice", true, [](const Summary&, const Row& row) {
                                   return std::to_string(2 * row.tally.parameters.known());
                                 }});
  options.own_columns.push_back({"evil", "Evil", false, [](const Summary&, const Row&) { return "\x1b[2J"; }});
  EXPECT_EQ(render(summarize(b.model()), options), R"(own.pt · PyTorch · 2 tensors

  Name   Params   Size   Twice   Evil
  fc         16   64 B      32   \x1b[2J
  head        2    8 B       4   \x1b[2J

  18 parameters · all trainable · 72 B
)");
}

TEST(Table, LetsNoNameSteerTheTerminal) {
  Build b;
  Model& model = b.model();
  model.source = "a\x1b[31m.pt";
  model.format = "PyTorch";
  model.architecture = "Net\nweigh: all is well";
  b.add("fc\x1b]0;title\x07.weight", {4});
  b.module("fc\x1b]0;title\x07").type =
      "Lin\xff"
      "ear";
  b.add("fc\u202Egnp.weight", {4});
  b.add_lazy("层\r.weight", {Extent(8), b.unknown("in\x1b[2J", "层\r")});
  model.metadata = {{"epoch\x1b", "3\n4"}};
  EXPECT_EQ(render(summarize(model)),
            R"(a\x1b[31m.pt · PyTorch · Net\nweigh: all is well · 3 tensors · not all initialised

  Name                 Type              Params   Size
  fc\x1b]0;title\x07   Lin\xffear             4   16 B
  fc\u202egnp                                 4   16 B
  层\r                              8·in\x1b[2J      ?   lazy

  ≥ 8 parameters · all trainable · ≥ 32 B

  1 tensor is not initialised yet; what is known of it:
    层\r.weight   [8, in\x1b[2J]
  Run one forward before saving, or give an example input, to know them.

  epoch\x1b 3\n4
)");
}

TEST(Table, DrawsATree) {
  Build b;
  b.add("a.b.c.weight", {1});
  b.add("a.b.d.weight", {1});
  b.add("a.e.f.weight", {1});
  b.add("a.scale", {1});
  b.add("g.weight", {1});
  SummaryOptions all;
  all.depth = -1;
  RenderOptions options;
  options.columns = {"name", "params"};
  const std::string text = render(summarize(b.model(), all), options);
  EXPECT_EQ(text.substr(text.find("  Name")), R"(  Name              Params
  a                      4
  ├ b                    2
  │ ├ c                  1
  │ └ d                  1
  ├ e                    1
  │ └ f                  1
  └ (own tensors)        1
  g                      1

  5 parameters · all trainable · 20 B
)");
  options.unicode = false;
  const std::string ascii = render(summarize(b.model(), all), options);
  EXPECT_EQ(ascii.substr(ascii.find("  Name")), R"(  Name               Params
  a                       4
  |- b                    2
  |  |- c                 1
  |  `- d                 1
  |- e                    1
  |  `- f                 1
  `- (own tensors)        1
  g                       1

  5 parameters - all trainable - 20 B
)");
}

TEST(Table, SaysHowManyRowsWereLeftOut) {
  Build b;
  for (const char* name : {"a.weight", "b.weight", "c.weight"}) b.add(name, {1});
  SummaryOptions top;
  top.top = 1;
  const std::string text = render(summarize(b.model(), top));
  EXPECT_EQ(text.substr(text.find("  Name")), R"(  Name   Params   Size
  a           1    4 B
  2 more rows

  3 parameters · all trainable · 12 B
)");
}

TEST(Table, ShowsAnAliasAsWhatItIs) {
  Build b;
  b.add("fc.weight", {4});
  b.module("again").alias_of = b.index("fc");
  const std::string text = render(summarize(b.model()));
  EXPECT_NE(text.find("  again = fc        0    0 B\n"), std::string::npos) << text;
}

TEST(Table, NamesSectionsBesideTheModel) {
  Build b;
  b.section("model", SectionKind::model);
  b.section("", SectionKind::copy);
  b.model().sections[1].root = b.index("copy");
  b.add("model.weight", {4});
  b.add("copy.weight", {4});
  b.model().sections.push_back({"", SectionKind::optimizer_state, kNone, 1, 16});
  b.model().sections.push_back({"opt\x1b", SectionKind::optimizer_state, kNone, 1'234, 4'936});
  const std::string text = render(summarize(b.model()));
  EXPECT_EQ(text.substr(text.find("  4 parameters")), R"(  4 parameters · all trainable · 16 B

  the copy averages another section's parameters and is not in the totals
  optimizer state: 1 tensor, 16 B, not in the totals
  optimizer state 'opt\x1b': 1,234 tensors, 4.94 kB, not in the totals
)");
}

TEST(Table, OfAnEmptyModelIsShort) {
  const Model model;
  EXPECT_EQ(render(summarize(model)), ". ·  · 0 tensors\n\n  0 parameters · 0 B\n");
}

}  // namespace
}  // namespace weigh
