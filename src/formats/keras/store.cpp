#include "formats/keras/store.h"

#include <algorithm>
#include <numeric>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "bytes/shown.h"

#include "weigh/error.h"

namespace weigh::keras {
namespace {

DType integer_of(const hdf5::Datatype& type) {
  switch (type.bytes) {
    case 1: return type.is_signed ? DType::int8 : DType::uint8;
    case 2: return type.is_signed ? DType::int16 : DType::uint16;
    case 4: return type.is_signed ? DType::int32 : DType::uint32;
    case 8: return type.is_signed ? DType::int64 : DType::uint64;
    default: return DType::unknown;
  }
}

DType real_of(const hdf5::Datatype& type) {
  const auto is = [&](unsigned bytes, unsigned exponent, unsigned mantissa) {
    return type.bytes == bytes && type.exponent_bits == exponent && type.mantissa_bits == mantissa;
  };
  if (is(8, 11, 52)) return DType::float64;
  if (is(4, 8, 23)) return DType::float32;
  if (is(2, 5, 10)) return DType::float16;
  if (is(2, 8, 7)) return DType::bfloat16;
  if (is(1, 5, 2)) return DType::float8_e5m2;
  if (is(1, 4, 3)) return DType::float8_e4m3fn;
  return DType::unknown;
}

DType dtype_of(const hdf5::Datatype& type) {
  switch (type.kind) {
    case hdf5::Class::integer: return integer_of(type);
    case hdf5::Class::real: return real_of(type);
    case hdf5::Class::boolean: return DType::boolean;
    default: return DType::unknown;
  }
}

}  // namespace

Store::Store(const std::vector<Source*>& sources, const Limits& limits) : limits_(limits) {
  items_.emplace_back();
  for (Source* source : sources) {
    files_.push_back({*source, std::make_unique<hdf5::File>(*source, limits), {}});
    walk(files_.size() - 1);
  }
  check_overlaps();
  count_data_sets();
}

void Store::walk(std::size_t file) {
  std::vector<Step> open = {{file, files_[file].file->root(), 0, 0}};
  while (!open.empty()) {
    const Step step = open.back();
    open.pop_back();
    look_at(step, open);
  }
}

// A header that was read already is that of a data set with another name, or of a group that a link leads back to.
void Store::look_at(const Step& step, std::vector<Step>& open) {
  File& file = files_[step.file];
  Item& item = items_[step.item];
  const bool is_held = item.is_data_set;  // by a file before
  if (file.file->is_known(step.address)) {
    const auto known = file.by_address.find(step.address);
    if (known == file.by_address.end()) return;
    if (is_held || !item.children.empty()) return duplicates_.push_back(step.item);
    const Item& original = items_[known->second];
    item.is_data_set = true;
    item.dtype = original.dtype;
    item.shape = original.shape;
    item.bytes = original.bytes;
    item.offset = original.offset;
    item.same_as = known->second;
    item.file = step.file;
    return;
  }
  hdf5::Object object = file.file->open(step.address);
  const bool is_data_set = object.is_data_set() && object.type->kind != hdf5::Class::text;
  if (is_held || (is_data_set && !item.children.empty())) return duplicates_.push_back(step.item);
  if (is_data_set) {
    file.by_address.emplace(step.address, step.item);
    item.file = step.file;
    describe(item, object, file);
  }
  if (!object.attributes.empty())
    attributes_.try_emplace(step.item, Attributes{step.file, std::move(object.attributes)});
  if (object.is_group) add_links(step, object, open);  // which moves the items
}

void Store::add_links(const Step& step, const hdf5::Object& group, std::vector<Step>& open) {
  if (step.depth >= limits_.module_depth) {
    throw Error(ErrorKind::limit, files_[step.file].source.label(),
                fmt::format("nests groups deeper than {} (limit module_depth)", limits_.module_depth));
  }
  const auto first = static_cast<std::ptrdiff_t>(open.size());
  const std::size_t before = items_.size();
  std::set<std::size_t> seen;  // of those that a file before has, too
  for (hdf5::Link& link : files_[step.file].file->links(group)) {
    const std::size_t item = items_.size();
    const auto [place, is_new] = by_name_.emplace(std::pair(step.item, link.name), item);
    if (!is_new && (place->second >= before || !seen.insert(place->second).second)) {
      throw Error(ErrorKind::corrupt, files_[step.file].source.label(),
                  fmt::format("the group '{}' holds '{}' twice", path_of(step.item).substr(0, kShownText),
                              link.name.substr(0, kShownText)));
    }
    if (!is_new) {
      open.push_back({step.file, link.target, place->second, step.depth + 1});
      continue;
    }
    items_.emplace_back();
    items_[item].file = step.file;
    items_[item].name = std::move(link.name);
    items_[item].parent = step.item;
    items_[step.item].children.push_back(item);
    open.push_back({step.file, link.target, item, step.depth + 1});
  }
  std::reverse(open.begin() + first, open.end());
}

void Store::describe(Item& item, const hdf5::Object& object, File& file) {
  const auto shown = [&] { return path_of(static_cast<std::size_t>(&item - items_.data())).substr(0, kShownText); };
  item.is_data_set = true;
  item.dtype = dtype_of(*object.type);
  // NumPy's types that HDF5 does not know are opaque bytes; Keras writes their names beside them.
  if (const hdf5::Attribute* name = object.attribute("dtype"); name != nullptr && item.dtype == DType::unknown) {
    const auto dtype = dtype_from_torch(file.file->text(*name));
    if (dtype && bits(*dtype) == 8 * object.type->bytes) item.dtype = *dtype;
  }
  std::uint64_t elements = object.space->is_null ? 0 : 1;
  for (const std::uint64_t extent : object.space->extents) {
    item.shape.emplace_back(extent);
    elements *= extent;
  }
  if (object.space->is_null) item.shape = {Extent(0)};
  const auto bytes = checked_mul(elements, object.type->bytes);
  if (!bytes)
    throw Error(ErrorKind::corrupt, file.source.label(),
                fmt::format("data set '{}' has more than 2^64 bytes", shown()));
  item.bytes = *bytes;
  const hdf5::Layout& layout = *object.layout;
  if (layout.storage != hdf5::Storage::contiguous) return;
  if (layout.bytes != 0 && layout.bytes != item.bytes) {
    throw Error(ErrorKind::corrupt, file.source.label(),
                fmt::format("data set '{}' has {} elements of {} bytes, but {} bytes of data", shown(), elements,
                            object.type->bytes, layout.bytes));
  }
  if (!fits(layout.offset, item.bytes, file.source.size())) {
    throw Error(ErrorKind::truncated, file.source.label(),
                fmt::format("data set '{}' needs {} bytes at {}, but the file has {}; is the download incomplete?",
                            shown(), item.bytes, layout.offset, file.source.size()));
  }
  if (!object.is_filtered && !object.type->is_big_endian) item.offset = layout.offset;
}

void Store::check_overlaps() const {
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < items_.size(); ++i)
    if (items_[i].offset != 0 && items_[i].bytes != 0 && items_[i].same_as == kNothing) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return std::pair(items_[a].file, items_[a].offset) < std::pair(items_[b].file, items_[b].offset);
  });
  for (std::size_t i = 1; i < order.size(); ++i) {
    const Item& before = items_[order[i - 1]];
    const Item& item = items_[order[i]];
    if (item.file != before.file || item.offset >= before.offset + before.bytes) continue;
    throw Error(ErrorKind::corrupt, label(order[i]),
                fmt::format("data set '{}' begins at byte {}, but '{}' before it ends at {}",
                            path_of(order[i]).substr(0, kShownText), item.offset,
                            path_of(order[i - 1]).substr(0, kShownText), before.offset + before.bytes));
  }
}

// A parent stands before its children.
void Store::count_data_sets() {
  for (std::size_t i = items_.size(); i-- > 0;) {
    items_[i].data_sets += items_[i].is_data_set ? 1 : 0;
    if (items_[i].parent != kNothing) items_[items_[i].parent].data_sets += items_[i].data_sets;
  }
}

std::size_t Store::find(std::size_t group, std::string_view name) const {
  const auto found = by_name_.find(std::pair(group, std::string(name)));
  return found == by_name_.end() ? kNothing : found->second;
}

std::size_t Store::find_path(std::size_t group, std::string_view path) const {
  while (group != kNothing && !path.empty()) {
    const std::size_t slash = std::min(path.find('/'), path.size());
    if (slash > 0) group = find(group, path.substr(0, slash));
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return group;
}

std::string Store::path_of(std::size_t item) const {
  std::vector<std::string_view> names;
  for (; item != 0 && item != kNothing; item = items_[item].parent) names.push_back(items_[item].name);
  return fmt::format("{}", fmt::join(names.rbegin(), names.rend(), "/"));
}

bool Store::has_attribute(std::size_t item, std::string_view attribute) const {
  const auto found = attributes_.find(item);
  return found != attributes_.end() &&
         std::any_of(found->second.all.begin(), found->second.all.end(), [&](const auto& one) {
           return one.name == attribute || one.name == std::string(attribute) + "0";
         });
}

std::vector<std::string> Store::texts(std::size_t item, std::string_view attribute) {
  std::vector<std::string> all;
  const auto found = attributes_.find(item);
  if (found == attributes_.end()) return all;
  const auto append = [&](std::string_view name) {
    for (const hdf5::Attribute& one : found->second.all) {
      if (one.name != name) continue;
      std::vector<std::string> texts = files_[found->second.file].file->texts(one);
      std::move(texts.begin(), texts.end(), std::back_inserter(all));
      return true;
    }
    return false;
  };
  if (append(attribute)) return all;
  for (std::size_t part = 0; part < found->second.all.size(); ++part)
    if (!append(fmt::format("{}{}", attribute, part))) break;
  return all;
}

std::string Store::text(std::size_t item, std::string_view attribute) {
  std::vector<std::string> all = texts(item, attribute);
  return all.size() == 1 ? std::move(all.front()) : std::string();
}

}  // namespace weigh::keras
