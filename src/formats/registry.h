// The table of formats of files. A new one is a folder, a row here, a page in docs/formats/, a fuzz target and tests.
#pragma once

#include <span>
#include <string_view>

#include "bytes/folder.h"
#include "bytes/source.h"
#include "formats/common/glance.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

struct Format {
  std::string_view name;
  std::string_view description;
  // By content, never by name, and cheap: the first bytes.
  bool (*matches)(Glance& glance);
  void (*read)(Source& source, const ReadOptions& options, Model& model);
  // The same for a format whose files name others beside them.
  void (*read_in)(Folder& folder, Source& source, const ReadOptions& options, Model& model) = nullptr;
};

// In the order in which they are tried. A file that is of several formats is read as the first, and the others are
// noted.
std::span<const Format> format_table();

// Reads a file, which lies in the folder, into the model. Whether it is of a known format.
bool read_source(Folder& folder, Glance& glance, const ReadOptions& options, Model& model);

}  // namespace weigh
