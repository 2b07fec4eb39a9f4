// The messages of object headers that tell what a data set or an attribute is.
#pragma once

#include "wire/hdf5.h"
#include "wire/hdf5/blocks.h"

namespace weigh::hdf5 {

Dataspace read_dataspace(Fields& in, const Limits& limits);
// Takes the fields by value: what follows a type is its caller's business.
Datatype read_datatype(Fields in);
Layout read_layout(Fields& in, const Blocks& blocks);
Attribute read_attribute(Fields& in, const Limits& limits);

}  // namespace weigh::hdf5
