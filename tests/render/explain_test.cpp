#include "weigh/explain.h"

#include <gtest/gtest.h>

#include "support/files.h"

#include "weigh/weigh.h"

namespace weigh::testing {
namespace {

std::string explained(const char* path, std::string_view name) {
  const Model model = read(data_path(path));
  return explain(summarize(model), name);
}

TEST(Explain, AModuleByItsTensors) {
  EXPECT_EQ(explained("pytorch/gat_module_before.pt", "conv1"), R"(conv1

  Tensor         Shape       Dtype     Role        Weights   Evidence
  att            [1, 1, 8]   float32   parameter         8   recorded
  bias           [8]         float32   parameter         8   recorded
  lin_l.weight   [8, in]     unknown   parameter      8·in   recorded
  lin_l.bias     [8]         float32   parameter         8   recorded
  lin_r.weight   [8, in]     unknown   parameter      8·in   recorded
  lin_r.bias     [8]         float32   parameter         8   recorded
)");
}

TEST(Explain, WhatDoesNotOccurIsRefused) {
  const Model model = read(data_path("pytorch/gat_module_before.pt"));
  const Summary summary = summarize(model);
  EXPECT_EQ(error_of([&] { explain(summary, "conv"); }).substr(model.source.size()),
            ": has no module or tensor 'conv'; nearest are conv1, fc, conv1.lin_l, conv1.lin_r, conv1.att, conv1.bias, "
            "conv1.lin_l.bias, conv1.lin_r.bias, fc.bias, conv1.lin_l.weight");
}

}  // namespace
}  // namespace weigh::testing
