#include "formats/pytorch/storage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace weigh::pytorch {
namespace {

constexpr std::array<std::pair<std::string_view, DType>, 17> kStorageClasses = {{
    {"FloatStorage", DType::float32},
    {"HalfStorage", DType::float16},
    {"BFloat16Storage", DType::bfloat16},
    {"DoubleStorage", DType::float64},
    {"LongStorage", DType::int64},
    {"IntStorage", DType::int32},
    {"ShortStorage", DType::int16},
    {"CharStorage", DType::int8},
    {"ByteStorage", DType::uint8},
    {"BoolStorage", DType::boolean},
    {"ComplexDoubleStorage", DType::complex128},
    {"ComplexFloatStorage", DType::complex64},
    {"QInt8Storage", DType::qint8},
    {"QUInt8Storage", DType::quint8},
    {"QInt32Storage", DType::qint32},
    {"QUInt4x2Storage", DType::quint4x2},
    {"QUInt2x4Storage", DType::quint2x4},
}};

}  // namespace

DType dtype_of_storage_class(std::string_view global) {
  std::string_view name = short_class_name(global);
  auto found =
      std::find_if(kStorageClasses.begin(), kStorageClasses.end(), [&](auto& row) { return row.first == name; });
  return found == kStorageClasses.end() ? DType::unknown : found->second;
}

std::optional<Storage> storage_of(Value persistent) {
  if (!persistent.is(Kind::persistent) || persistent.items().empty()) return std::nullopt;
  std::span<const Value> id = persistent.items()[0].items();
  if (id.size() < 5 || !id[0].is(Kind::string) || id[0].text() != "storage") return std::nullopt;
  if (!id[1].is(Kind::global) || !id[2].is(Kind::string) || !id[4].is(Kind::integer) || id[4].integer() < 0)
    return std::nullopt;
  // The view is (key, offset, numel).
  const std::span<const Value> view = id.size() > 5 ? id[5].items() : std::span<const Value>();
  const std::int64_t begin = view.size() > 1 ? integer_or(view[1], -1) : 0;
  if (begin < 0) return std::nullopt;
  std::string_view location = id[3].is(Kind::string) ? id[3].text() : std::string_view();
  return Storage{id[2].text(), dtype_of_storage_class(id[1].text()), static_cast<std::uint64_t>(id[4].integer()),
                 location, static_cast<std::uint64_t>(begin)};
}

bool is_storage_as_text(Value persistent) {
  if (!persistent.is(Kind::persistent) || persistent.items().empty()) return false;
  const Value id = persistent.items()[0];
  return id.is(Kind::string) && id.text().starts_with("('storage'");
}

std::uint64_t bytes_per_element(const Storage& storage) { return std::max(1U, bits(storage.dtype) / 8); }

DType dtype_of(Value global) {
  if (!global.is(Kind::global) || !global.text().starts_with("torch ")) return DType::unknown;
  return dtype_from_torch(short_class_name(global.text())).value_or(DType::unknown);
}

}  // namespace weigh::pytorch
