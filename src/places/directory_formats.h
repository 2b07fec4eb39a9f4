// The table of directories that are more than a model file and what lies beside it: their files or sub-folders have
// meanings.
#pragma once

#include <span>
#include <string_view>

#include "bytes/folder.h"

#include "weigh/model.h"
#include "weigh/read.h"

namespace weigh {

struct DirectoryFormat {
  std::string_view name;
  std::string_view description;
  // By the names of its files and folders, and the first bytes of few.
  bool (*matches)(const Folder& folder);
  void (*read)(Folder& folder, const ReadOptions& options, Model& model);
  bool has_config = false;  // a config.json in it tells of the whole
};

std::span<const DirectoryFormat> directory_format_table();

// That of a directory; null where it is a model file and what lies beside it, or holds several.
const DirectoryFormat* directory_format_of(const Folder& folder);

}  // namespace weigh
