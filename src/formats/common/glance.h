// What a file shows at a glance: its first bytes and, of a zip archive, whose it is. Every row of the registry asks for
// the same, so it is looked at once.
//
//   torch.save         NAME/data.pkl alone
//   torch.jit.save     NAME/constants.pkl beside it
//   torch.export.save  NAME/models/model.json, or serialized_exported_program.json in the older layout
//   AOTInductor        NAME/data/aotinductor/…, of which the same reader tells
//   numpy.savez        NAME.npy, at least one
//   Keras 3            config.json and model.weights.h5, or model.weights.npz
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "bytes/source.h"
#include "wire/zip.h"

namespace weigh {

enum class ZipKind : std::uint8_t { none, saved, script, exported, arrays, keras };

class Glance {
 public:
  explicit Glance(Source& source) : source_(source) {}

  Source& source() const { return source_; }
  // The first 512 bytes, or all where there are fewer.
  std::string_view head();
  bool is_zip() { return ZipDirectory::matches(head()); }
  // Looks at the first entry, and at the directory only where that is not the one that torch.save writes: a
  // checkpoint's directory may be long. What is no valid archive, or nobody's, is `saved`: the reader of the commonest
  // says what is wrong with it.
  ZipKind zip_kind();

 private:
  ZipKind find_zip_kind();
  bool is_surely_saved();

  Source& source_;
  std::array<char, 512> head_;
  std::size_t head_size_ = 0;
  bool is_head_read_ = false;
  std::optional<ZipKind> zip_kind_;
};

// Whether torch._inductor's compiled code is in it.
bool holds_compiled(const ZipDirectory& zip);

// The folder ("net/") of the only entry called `name` that lies in the root or one folder deep.
std::optional<std::string> folder_of(const ZipDirectory& zip, std::string_view name);

}  // namespace weigh
