#pragma once

#include <vector>

#include <torch/torch.h>

#include "weigh/run.h"

namespace weigh::dry_run {

IOShape io_shape(const at::Tensor& tensor);
// Order and nesting are kept. Unknown for what is no tensor.
IOShape io_shape(const c10::IValue& value);
// Of arguments: one stands for itself, more are a list.
IOShape io_shape(const std::vector<c10::IValue>& values);
IOShape one_or_list(std::vector<IOShape> shapes);

}  // namespace weigh::dry_run
