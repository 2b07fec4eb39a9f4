// TorchScript archives: what torch.jit.save writes. A zip archive like torch.save's:
//
//   NAME/data.pkl         the root module, an instance of "__torch__.models.___torch_mangle_3 Net"; its state is a dict
//                         of attributes: tensors, modules, `training`, and plain values
//   NAME/data/KEY         its storages, raw bytes
//   NAME/code/….py        the classes as text, one file for each module of Python; see torchscript/classes.h
//   NAME/constants.pkl    a tuple of tensors that the code refers to as CONSTANTS.c0, …
//   NAME/constants/KEY    their storages; before torch 1.7 `tensors` or `data`
//   NAME/version          of the format
//   NAME/bytecode.pkl     in files for the lite interpreter; it repeats the code
//
// docs/formats/torchscript.md
#pragma once

#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

bool matches_torchscript(Glance& glance);
void read_torchscript(Source& source, const ReadOptions& options, Model& model);

}  // namespace weigh
