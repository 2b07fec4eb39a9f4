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
};

// Nothing where the value is no such identifier.
std::optional<Storage> storage_of(Value persistent);
// "torch FloatStorage" -> float32; unknown for an untyped one.
DType dtype_of_storage_class(std::string_view global);
// 1 for an untyped storage and for packed types, whose storages count bytes.
std::uint64_t bytes_per_element(const Storage& storage);
// "torch float8_e4m3fn" -> float8_e4m3fn; unknown for what is no dtype.
DType dtype_of(Value global);

}  // namespace weigh::pytorch
