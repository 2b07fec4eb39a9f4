// All of weigh::torch: lazy layers, graph layers, summaries and dry runs of live modules, weights, the Lightning
// workflow, values and errors. Smaller headers compile faster; docs/lazy.md, docs/weights.md and docs/lightning.md name
// them.
#pragma once

#include "weigh/lightning/lightning.h"
#include "weigh/torch/build_dry.h"
#include "weigh/torch/describe.h"
#include "weigh/torch/forward_scope.h"
#include "weigh/torch/graph.h"
#include "weigh/torch/lazy_conv.h"
#include "weigh/torch/lazy_linear.h"
#include "weigh/torch/lazy_module.h"
#include "weigh/torch/lazy_norm.h"
#include "weigh/torch/materialize.h"
#include "weigh/torch/model_summary.h"
#include "weigh/torch/observed.h"
#include "weigh/torch/script.h"
#include "weigh/torch/uninitialized.h"
#include "weigh/torch/weights.h"
#include "weigh/weigh.h"
