// CSV: RFC 4180, and nothing that a spreadsheet would run.
#include <string>

#include <gtest/gtest.h>

#include "analysis/build.h"
#include "render/golden.h"

#include "weigh/render.h"

namespace weigh {
namespace {

using testing::Build;

const std::string kTitles =
    "path,type,depth,repeat,parameters,exact,expression,trainable,buffers,bytes,bytes_exact,tensors,dtypes,lazy,mode"
    "\r\n";

std::string csv(const Summary& summary, const std::vector<std::string>& columns = {}) {
  RenderOptions options;
  options.format = RenderFormat::csv;
  options.columns = columns;
  return render(summary, options);
}

TEST(Csv, HasTheFactsOfEachRow) {
  const Model model = testing::read_bare("pytorch/gat_module_before.pt");
  EXPECT_EQ(csv(summarize(model)), kTitles +
                                       "conv1,GATv2Conv,1,1,32,false,16·in + 32,32,0,128,false,6,f32,true,train\r\n"
                                       "fc,Linear,1,1,18,true,,18,0,72,true,2,f32,false,train\r\n");
}

TEST(Csv, WritesNumbersInFull) {
  Build b;
  b.add_lazy("fc.weight", {Extent(1'234'567), b.unknown("in", "fc")});
  b.add("fc.bias", {1'234'567});
  b.add("fc.mask", {3}).role = Role::buffer;
  EXPECT_EQ(csv(summarize(b.model())),
            kTitles + "fc,,1,1,1234567,false,1234567·in + 1234567,1234567,3,4938280,false,3,f32,true,\r\n");
}

TEST(Csv, LeavesEmptyWhatIsNotRecorded) {
  Build b;
  b.add("fc.weight", {4}).requires_grad = RequiresGrad::not_recorded;
  EXPECT_EQ(csv(summarize(b.model())), kTitles + "fc,,1,1,4,true,,,0,16,true,1,f32,false,\r\n");
}

TEST(Csv, QuotesCommasAndQuotes) {
  Build b;
  b.add("a,b.weight", {1});
  b.add("say \"hi\".weight", {1});
  b.add("two\nlines.weight", {1});
  EXPECT_EQ(csv(summarize(b.model()), {"name", "params"}),
            "Name,Params\r\n\"a,b\",1\r\n\"say \"\"hi\"\"\",1\r\ntwo\\nlines,1\r\n");
}

TEST(Csv, DefusesFormulas) {
  Build b;
  for (const char* name : {"=cmd|'/c calc'!A0", "+1", "-1", "@SUM(A1)", "plain"}) b.add(std::string(name) + ".w", {1});
  EXPECT_EQ(csv(summarize(b.model()), {"name", "params"}),
            "Name,Params\r\n'=cmd|'/c calc'!A0,1\r\n'+1,1\r\n'-1,1\r\n'@SUM(A1),1\r\nplain,1\r\n");
}

TEST(Csv, DefusesFormulasInTypesAndTitles) {
  Build b;
  b.add("fc.weight", {1});
  b.module("fc").type = "=1+1";
  RenderOptions options;
  options.format = RenderFormat::csv;
  options.columns = {"type"};
  options.own_columns.push_back({"own", "=Own", false, [](const Summary&, const Row&) { return "@x,\"y\""; }});
  EXPECT_EQ(render(summarize(b.model()), options), "Type,'=Own\r\n'=1+1,\"'@x,\"\"y\"\"\"\r\n");
}

TEST(Csv, HasTheChosenColumnsWithExactNumbers) {
  Build b;
  b.add("big.weight", {1'234'567});
  EXPECT_EQ(csv(summarize(b.model()), {"params", "name", "size"}),
            "Params,Name,Size\r\n\"1,234,567\",big,\"4,938,268 B\"\r\n");
}

TEST(Csv, TellsOwnTensorsAndFoldedRows) {
  Build b;
  for (int i = 0; i < 3; ++i) b.add("h." + std::to_string(i) + ".weight", {4});
  b.add("scale", {1});
  EXPECT_EQ(csv(summarize(b.model())), kTitles +
                                           "h.0,,1,3,12,true,,12,0,48,true,3,f32,false,\r\n"
                                           "(own tensors),,1,1,1,true,,1,0,4,true,1,f32,false,\r\n");
}

}  // namespace
}  // namespace weigh
