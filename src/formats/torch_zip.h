// Which of PyTorch's kinds of zip archive a source is: they share the container, and the names of the entries tell.
//
//   torch.save         NAME/data.pkl alone
//   torch.jit.save     NAME/constants.pkl beside it
//   torch.export.save  NAME/models/model.json, or serialized_exported_program.json in the older layout
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "bytes/source.h"
#include "wire/zip.h"

namespace weigh {

enum class TorchZip : std::uint8_t { none, saved, script, exported };

// Looks at the first entry, and at the directory only where it is not the one that torch.save writes: a checkpoint's
// directory may be long. What is no valid archive is `saved`, whose reader says what is wrong with it.
TorchZip torch_zip_kind(Source& source);

// The folder ("net/") of the only entry called `name` that lies in the root or one folder deep.
std::optional<std::string> folder_of(const ZipDirectory& zip, std::string_view name);

}  // namespace weigh
