// Compiled programs: what torch._inductor.aoti_compile_and_package writes, code for one kind of machine.
//
//   NAME/data/aotinductor/MODEL/….wrapper.so    the code, mostly with the weights inside
//   …/….wrapper.cpp                             its source, with a line for each fact of a weight:
//                                               constants_info_[3].shape = {8, 4};
//   …/….wrapper_metadata.json                   {"AOTI_DEVICE_KEY": "cpu", …}
//
// The source is read as text: of each weight its name in the module, its dtype, its shape and whether it is a
// parameter.
#pragma once

#include "bytes/source.h"
#include "wire/zip.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::pt2 {

// Reads a package that holds nothing else. Throws Error.
void read_compiled(Source& source, const ZipDirectory& zip, const ReadOptions& options, Model& model);

}  // namespace weigh::pt2
