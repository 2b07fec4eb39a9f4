// The one table of formats. A new one is a file, a row here, a page in docs/formats/, a fuzz target and a test.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "bytes/folder.h"
#include "bytes/source.h"
#include "formats/directory.h"
#include "formats/glance.h"

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

// A directory that is more than a model file and what lies beside it: its files or sub-folders have meanings.
struct DirectoryFormat {
  std::string_view name;
  std::string_view description;
  // By the names of its files and folders, and the first bytes of few.
  bool (*matches)(const Folder& folder);
  void (*read)(Folder& folder, const ReadOptions& options, Model& model);
};

// In the order in which they are tried. A file that is of several formats is read as the first, and the others are
// noted.
std::span<const Format> format_table();
std::span<const DirectoryFormat> directory_format_table();

// That of a directory; null where it is a model file and what lies beside it, or holds several.
const DirectoryFormat* directory_format_of(const Folder& folder);

// A directory of one model: a file, an index with its shards, or shards without one, and what lies beside them.
void read_directory(Folder& folder, const ReadOptions& options, Model& model);
// Of several in one directory; nothing where a file is of no known format.
std::optional<Model> read_if_model(Folder& folder, const ModelFiles& files, const ReadOptions& options);

}  // namespace weigh
