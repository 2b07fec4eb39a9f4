// What a neural network is made of, without running it, loading it or allocating it.
//
//   weigh::Model model = weigh::read("model.ckpt");
//   weigh::Summary summary = weigh::summarize(model);
//   std::cout << weigh::render(summary);
//
// Nothing in a file is executed; no weight byte is read. Errors are thrown as weigh::Error.
#pragma once

#include "weigh/check.h"
#include "weigh/config.h"
#include "weigh/count.h"
#include "weigh/diff.h"
#include "weigh/document.h"
#include "weigh/dtype.h"
#include "weigh/error.h"
#include "weigh/evidence.h"
#include "weigh/explain.h"
#include "weigh/layer_facts.h"
#include "weigh/limits.h"
#include "weigh/listing.h"
#include "weigh/live.h"
#include "weigh/model.h"
#include "weigh/plan.h"
#include "weigh/quantized.h"
#include "weigh/read.h"
#include "weigh/read_meanwhile.h"
#include "weigh/render.h"
#include "weigh/run.h"
#include "weigh/sizes.h"
#include "weigh/stopped.h"
#include "weigh/summary.h"
#include "weigh/text.h"
#include "weigh/token_cache.h"
#include "weigh/version.h"
