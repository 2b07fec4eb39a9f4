// Bytes given to the reader of one format, whatever the registry would take them for.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "bytes/source.h"
#include "formats/common/glance.h"
#include "limits.h"

#include "weigh/error.h"
#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh::fuzz {

inline void read_as(bool (*matches)(Glance&), void (*read)(Source&, const ReadOptions&, Model&),
                    const std::uint8_t* data, std::size_t size) {
  const auto source = memory_source("fuzz", {reinterpret_cast<const char*>(data), size});
  ReadOptions options;
  options.limits = small_limits();
  try {
    Glance glance(*source);
    matches(glance);
    Model model;
    read(*source, options, model);
  } catch (const Error&) {
  }
}

}  // namespace weigh::fuzz
