// Exported programs: what torch.export.save writes, `.pt2`. A zip archive.
//
//   since 2.8  NAME/models/model.json                       the program
//              NAME/data/weights/model_weights_config.json  by name: which entry holds the tensor
//              NAME/data/weights/weight_N                   raw bytes; the same for data/constants/…
//   before     serialized_exported_program.json             the program
//              serialized_state_dict.pt, …                  torch.save's archives inside, not looked into
//
// The program is {"graph_module": {"graph": {"nodes": …, "tensor_values": …}, "signature": {"input_specs": …}}, …}:
// input specs tell which graph input is which parameter, buffer or constant, tensor values its dtype and sizes, and the
// nodes' "nn_module_stack" the classes of the modules that they came from.
//
// docs/formats/pt2.md
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_pt2(Glance& glance);
void read_pt2(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
