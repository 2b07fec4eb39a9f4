// docs/lazy.md lists the lazy layers and what each lacks; here the list is made from the layers themselves.
#include <string>

#include <gtest/gtest.h>

#include "render/io_shape.h"
#include "render/units.h"
#include "support/files.h"

#include "weigh/torch/graph.h"
#include "weigh/torch/lazy_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/lazy_norm.h"
#include "weigh/torch/model_summary.h"

namespace weigh {
namespace {

template <class Holder>
std::string row(const std::string& code, Holder layer) {
  const ModelSummary summary = summarize(layer);
  const Model& model = summary.model();
  std::string lacking;
  for (const Tensor& tensor : model.tensors) {
    if (tensor.state != State::uninitialised) continue;
    lacking += (lacking.empty() ? "" : ", ") + model.path_of(tensor) + " " + shape_text(model, tensor);
  }
  const Count& count = summary.summary().totals.parameters;
  return "| `" + code + "` | " + lacking + " | " + count_text(model, count, {}) + " |\n";
}

std::string table() {
  using namespace nn;  // NOLINT(google-build-using-namespace): a list of them
  std::string text = "| layer | has no shape yet | parameters |\n|---|---|---|\n";
  text += row("LazyLinear(5)", LazyLinear(5));
  text += row("LazyConv1d(8, 3)", LazyConv1d(8, 3));
  text += row("LazyConv2d(8, 3)", LazyConv2d(8, 3));
  text += row("LazyConv3d(8, 3)", LazyConv3d(8, 3));
  text += row("LazyConvTranspose1d(8, 3)", LazyConvTranspose1d(8, 3));
  text += row("LazyConvTranspose2d(8, 3)", LazyConvTranspose2d(8, 3));
  text += row("LazyConvTranspose3d(8, 3)", LazyConvTranspose3d(8, 3));
  text += row("LazyBatchNorm1d()", LazyBatchNorm1d());
  text += row("LazyBatchNorm2d()", LazyBatchNorm2d());
  text += row("LazyBatchNorm3d()", LazyBatchNorm3d());
  text += row("LazyInstanceNorm1d()", LazyInstanceNorm1d());
  text += row("LazyInstanceNorm2d()", LazyInstanceNorm2d());
  text += row("LazyInstanceNorm3d()", LazyInstanceNorm3d());
  text += row("Linear(-1, 8)", Linear(-1, 8));
  text += row("GATv2Conv(-1, 8)", GATv2Conv(-1, 8));
  text += row("GATConv(-1, 8)", GATConv(-1, 8));
  text += row("GCNConv(-1, 8)", GCNConv(-1, 8));
  text += row("SAGEConv(-1, 8)", SAGEConv(-1, 8));
  text += row("TransformerConv(-1, 8)", TransformerConv(-1, 8));
  return text;
}

TEST(LazyTable, StandsInTheDocument) {
  const std::string document = testing::read_file(WEIGH_SOURCE "/docs/lazy.md");
  EXPECT_NE(document.find(table()), std::string::npos) << table();
}

}  // namespace
}  // namespace weigh
