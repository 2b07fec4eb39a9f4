#include "wire/hdf5.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "wire/hdf5/blocks.h"
#include "wire/hdf5/heap.h"
#include "wire/hdf5/links.h"
#include "wire/hdf5/messages.h"
#include "wire/hdf5/objects.h"

#include "weigh/error.h"

namespace weigh::hdf5 {
namespace {

// A record of links: hash of the name (4), ID. Of attributes: ID, flags, number, hash.
enum class RecordOf : std::uint8_t { links, attributes };

template <class Visit>
void each_in_heap(Blocks& blocks, const Table& table, RecordOf kind, Visit&& visit) {
  FractalHeap heap(blocks, table.heap);
  const Records records = read_records(blocks, table.tree);
  for (const std::string_view record : records.records) {
    const std::size_t begin = kind == RecordOf::links ? 4 : 0;
    if (record.size() < begin + heap.id_bytes()) blocks.fail("a record is too short for an ID of its heap", table.tree);
    const Block object = heap.object(record.substr(begin, heap.id_bytes()));
    Fields fields = blocks.fields(object);
    visit(fields);
  }
}

}  // namespace

const Attribute* Object::attribute(std::string_view name) const {
  const auto found =
      std::find_if(attributes.begin(), attributes.end(), [&](const Attribute& one) { return one.name == name; });
  return found == attributes.end() ? nullptr : &*found;
}

File::File(Source& source, const Limits& limits) : limits_(limits), blocks_(std::make_unique<Blocks>(source, limits)) {}
File::~File() = default;

std::uint64_t File::root() const { return blocks_->root(); }

bool File::is_known(std::uint64_t address) const { return blocks_->is_visited(address); }

void File::charge(std::uint64_t bytes) { blocks_->charge(bytes); }

Object File::open(std::uint64_t address) {
  Object object = read_object(*blocks_, limits_, address);
  if (object.dense_attributes) {
    each_in_heap(*blocks_, *object.dense_attributes, RecordOf::attributes,
                 [&](Fields& fields) { object.attributes.push_back(read_attribute(fields, limits_)); });
  }
  return object;
}

std::vector<Link> File::links(const Object& group) {
  std::vector<Link> links = group.links;
  if (group.symbols) read_symbols(*blocks_, limits_, *group.symbols, links);
  if (group.dense_links) {
    each_in_heap(*blocks_, *group.dense_links, RecordOf::links, [&](Fields& fields) {
      if (auto link = read_link(fields, limits_)) links.push_back(std::move(*link));
    });
  }
  return links;
}

// Of variable length: length (4), address of a global heap, number in it (4).
std::vector<std::string> File::texts(const Attribute& attribute) {
  std::vector<std::string> texts;
  if (attribute.type.kind != Class::text || attribute.space.is_null) return texts;
  std::uint64_t count = 1;
  for (const std::uint64_t extent : attribute.space.extents) count *= extent;
  constexpr const char* kWhat = "the texts of an attribute";
  Fields in(blocks_->label(), attribute.value, 0, blocks_->widths());
  const std::uint64_t each = attribute.type.is_variable ? 8U + blocks_->widths().address : attribute.type.bytes;
  if (each == 0 || count > in.remaining() / each) {
    throw Error(ErrorKind::corrupt, blocks_->label(),
                fmt::format("the attribute '{}' is said to have {} texts of {} bytes, but has {} bytes",
                            attribute.name.substr(0, 200), count, each, in.remaining()));
  }
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!attribute.type.is_variable) {
      const std::string_view padded = in.take(each, kWhat);
      texts.emplace_back(padded.substr(0, padded.find('\0')));
      continue;
    }
    const std::uint64_t length = in.number(4, kWhat);
    const std::uint64_t collection = in.address(kWhat);
    const auto index = static_cast<std::uint32_t>(in.number(4, kWhat));
    texts.emplace_back();
    if (length == 0) continue;
    const std::string_view object = blocks_->global_object(collection, index);
    texts.back() = object.substr(0, static_cast<std::size_t>(length));
  }
  return texts;
}

std::string File::text(const Attribute& attribute) {
  std::vector<std::string> all = texts(attribute);
  return all.size() == 1 ? std::move(all.front()) : std::string();
}

}  // namespace weigh::hdf5
