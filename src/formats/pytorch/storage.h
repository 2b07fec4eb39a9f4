// Storages: the memory behind tensors, as a pickle refers to it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "formats/pytorch/python.h"

#include "weigh/dtype.h"

namespace weigh::pytorch {

// What a persistent identifier says: ('storage', class, key, location, numel, …).
struct Storage {
  std::string_view key;
  DType dtype = DType::unknown;  // unknown for an UntypedStorage, whose numel counts bytes
  std::uint64_t numel = 0;
  std::string_view location;  // "cpu", "cuda:0", "meta"
  std::uint64_t begin = 0;    // of a view of a storage, which files before 0.4 have: its first element
};

// Nothing where the value is no such identifier.
std::optional<Storage> storage_of(Value persistent);
// Whether the value is an identifier that protocol 0 wrote: the text of the tuple. torch.load refuses it, too.
bool is_storage_as_text(Value persistent);
inline constexpr std::string_view kStorageAsText =
    "refers to its storage by text, as pickle protocol 0 does; torch.load cannot read it either";
// "torch FloatStorage" -> float32; unknown for an untyped one.
DType dtype_of_storage_class(std::string_view global);
// 1 for an untyped storage and for packed types, whose storages count bytes.
std::uint64_t bytes_per_element(const Storage& storage);
// "torch float8_e4m3fn" -> float8_e4m3fn; unknown for what is no dtype.
DType dtype_of(Value global);

}  // namespace weigh::pytorch
