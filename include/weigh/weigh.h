// What a neural network is made of, without running it, loading it or allocating it.
//
//   weigh::Model model = weigh::read("model.ckpt");
//   weigh::Summary summary = weigh::summarize(model);
//   std::cout << weigh::render(summary);
//
// Nothing in a file is executed; no weight byte is read. Errors are thrown as weigh::Error.
#pragma once

#include "weigh/count.h"
#include "weigh/document.h"
#include "weigh/dtype.h"
#include "weigh/error.h"
#include "weigh/limits.h"
#include "weigh/listing.h"
#include "weigh/model.h"
#include "weigh/read.h"
#include "weigh/read_meanwhile.h"
#include "weigh/render.h"
#include "weigh/sizes.h"
#include "weigh/summary.h"
#include "weigh/version.h"
