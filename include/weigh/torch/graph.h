// Graph layers, as PyTorch Geometric defines them.
#pragma once

#include "weigh/torch/graph/gat_conv.h"
#include "weigh/torch/graph/gatv2_conv.h"
#include "weigh/torch/graph/gcn_conv.h"
#include "weigh/torch/graph/gin_conv.h"
#include "weigh/torch/graph/inputs.h"
#include "weigh/torch/graph/layer.h"
#include "weigh/torch/graph/linear.h"
#include "weigh/torch/graph/pool.h"
#include "weigh/torch/graph/sage_conv.h"
#include "weigh/torch/graph/transformer_conv.h"
