// Pointers of Git LFS, which stand in the place of large files until they are fetched:
//
//   version https://git-lfs.github.com/spec/v1
//   oid sha256:…
//   size 4976698672
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace weigh {

// What to say of a file that begins so; nothing where it is no pointer.
std::optional<std::string> lfs_pointer_message(std::string_view head);

}  // namespace weigh
