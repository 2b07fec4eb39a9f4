// The header of a safetensors file as its own library writes it, and with it nearly everyone:
//
//   {"__metadata__":{"KEY":"TEXT",…},"NAME":{"dtype":"BF16","shape":[2,3],"data_offsets":[0,12]},…}␠␠␠
//
// without blanks but at the end, members of an entry in this order, ASCII without escapes, dtypes that are known, sizes
// that fit. Neighbours are alike but for name and place, so what stands between is mostly compared rather than read.
#pragma once

#include <string_view>

#include "formats/safetensors/header.h"
#include "formats/safetensors/layout.h"

#include "weigh/read.h"

namespace weigh {

// Reads all entries of a header of this form. False where it is of another, or wrong in whatever way: then `header` and
// `layout` hold some of it, and the header is to be read as any JSON. Behind the text are bytes that can be read, as
// behind that of json::Text. `data_begin` is where tensors' bytes begin in the file.
bool read_regular_entries(std::string_view text, const ReadOptions& options, std::uint64_t data_begin,
                          SafetensorsHeader& header, SafetensorsLayout& layout);

}  // namespace weigh
