#include "formats/flax/format.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "bytes/checked.h"
#include "formats/common/named_leaves.h"
#include "wire/msgpack.h"

#include "weigh/dtype.h"
#include "weigh/error.h"

namespace weigh {
namespace {

using msgpack::Token;
using msgpack::Type;

constexpr std::string_view kChunked = "__msgpack_chunked_array__";
constexpr int kMostNames = 32;  // that are looked at before the first array
constexpr std::int8_t kArray = 1;
constexpr std::int8_t kNumber = 3;

std::optional<DType> dtype_of(std::string_view name) { return dtype_from_torch(name); }

class FlaxReader {
 public:
  FlaxReader(Source& source, const ReadOptions& options, Model& model)
      : in_(source, options.limits),
        limits_(options.limits),
        model_(model),
        leaves_(model, options.limits, options.locations) {}

  void run() {
    const Token root = in_.next();
    if (root.type != Type::map) fail("is msgpack, but no map of names", root.offset);
    open_.push_back({root.length, "", false, 0});
    while (!open_.empty()) step();
    if (in_.remaining() > 0) fail(fmt::format("{} bytes follow the last value", in_.remaining()), in_.offset());
    leaves_.finish();
  }

 private:
  struct Map {
    std::uint64_t left = 0;  // pairs
    std::string name = {};
    bool is_optimizer = false;
    Index module = kNone;  // made with the first array in it
  };

  [[noreturn]] void fail(const std::string& message, std::uint64_t offset) const {
    throw Error(ErrorKind::corrupt, in_.label(), message, offset);
  }
  // The names that lead to where the reader stands, or the first of them.
  std::string place() const {
    std::string all;
    for (std::size_t i = 1; i < open_.size() && all.size() < 200; ++i) all += open_[i].name + "/";
    all += name_;
    if (all.ends_with('/')) all.pop_back();  // in an array of chunks, which has no names of its own
    return all.substr(0, 200);
  }

  void add(const Leaf& leaf) {
    if (open_.back().is_optimizer || NamedLeaves::is_optimizer(name_)) return leaves_.add_to_optimizer(leaf);
    open_.front().module = 0;
    for (std::size_t i = 1; i < open_.size(); ++i)
      if (open_[i].module == kNone) open_[i].module = leaves_.enter(open_[i - 1].module, open_[i].name);
    leaves_.add(open_.back().module, name_, leaf);
  }

  void step() {
    if (open_.back().left == 0) {
      open_.pop_back();
      return;
    }
    --open_.back().left;
    const Token key = in_.next();
    name_ = read_key(key);
    if (name_ == kChunked) return read_chunked(key.offset);
    const Token value = in_.next();
    if (value.type == Type::map) {
      open_map(value);
    } else if (value.type == Type::extension && (value.extension == kArray || value.extension == kNumber)) {
      const Leaf leaf = read_array(value);
      if (value.extension == kArray) add(leaf);  // single numbers are steps and rates
    } else {
      if ((value.type == Type::array && value.length > 0) || value.type == Type::extension) note_skipped();
      in_.skip_value(value);
    }
  }

  void open_map(const Token& map) {
    if (open_.size() >= limits_.module_depth) {
      throw Error(ErrorKind::limit, in_.label(),
                  fmt::format("nests names deeper than {} (limit module_depth)", limits_.module_depth));
    }
    const bool is_optimizer = open_.back().is_optimizer || NamedLeaves::is_optimizer(name_);
    open_.push_back({map.length, std::move(name_), is_optimizer, kNone});
  }

  // Flax writes lists as maps; somebody else's may hold arrays.
  void note_skipped() {
    if (++skipped_ > 100) return;
    model_.notes.push_back({"unknown-tensor", place(), "is a value that Flax does not write; it is not counted"});
  }

  std::string read_key(const Token& key) {
    if (key.type == Type::integer) return fmt::format("{}", key.integer);
    if (key.type != Type::text) fail("a name is neither a text nor a number", key.offset);
    return in_.text(key);
  }

  std::uint64_t read_count(const char* what) {
    const Token token = in_.next();
    if (token.type != Type::integer || token.integer > Extent::kMax)
      fail(fmt::format("{} of '{}' is no number that it can be", what, place()), token.offset);
    return token.integer;
  }

  // [shape, name of the type, bytes], which fill the extension.
  Leaf read_array(const Token& extension) {
    const std::uint64_t begin = in_.offset();
    Leaf leaf;
    const Token parts = in_.next();
    const Token shape = in_.next();
    if (parts.type != Type::array || parts.length != 3 || shape.type != Type::array ||
        shape.length > limits_.dimensions)
      fail(fmt::format("'{}' is no array as Flax writes it", place()), begin);
    for (std::uint64_t i = 0; i < shape.length; ++i) leaf.shape.emplace_back(read_count("an extent"));
    const Token type = in_.next();
    if (type.type != Type::text) fail(fmt::format("the type of '{}' is no text", place()), type.offset);
    const std::string name = in_.text(type);
    leaf.dtype = dtype_of(name).value_or(DType::unknown);
    const Token bytes = in_.next();
    if (bytes.type != Type::bytes) fail(fmt::format("'{}' has no bytes", place()), bytes.offset);
    leaf.bytes = bytes.length;
    leaf.location = {bits(leaf.dtype) != 0 ? 0 : kNone, in_.offset(), {}};
    check_size(leaf, name, bytes.offset);
    in_.skip(bytes.length);
    if (in_.offset() - begin != extension.length) {
      fail(fmt::format("the array '{}' has {} bytes, but is said to have {}", place(), in_.offset() - begin,
                       extension.length),
           begin);
    }
    return leaf;
  }

  std::uint64_t elements_of(const Leaf& leaf, std::uint64_t offset) const {
    std::uint64_t elements = 1;
    for (const Extent extent : leaf.shape) {
      const auto product = checked_mul(elements, extent.size());
      if (!product || *product > Extent::kMax)
        fail(fmt::format("the shape of '{}' has more than 2^63 elements", place()), offset);
      elements = *product;
    }
    return elements;
  }

  void check_size(const Leaf& leaf, const std::string& type, std::uint64_t offset) const {
    const std::uint64_t elements = elements_of(leaf, offset);
    const unsigned element_bits = bits(leaf.dtype);
    if (element_bits < 8) return;  // not known, or packed in some way
    const auto bytes = checked_mul(elements, element_bits / 8);
    if (bytes && *bytes == leaf.bytes) return;
    fail(fmt::format("'{}' has {} elements of {}, but {} bytes", place(), elements, type.substr(0, 40), leaf.bytes),
         offset);
  }

  // Behind the key that marks it: true, then "shape" and "chunks".
  void read_chunked(std::uint64_t begin) {
    name_.clear();
    if (in_.next().type != Type::boolean || open_.back().left != 2) fail_chunked(begin);
    open_.back().left = 0;
    Leaf whole;
    expect_key("shape", begin);
    const Token extents = in_.next();
    if (extents.type != Type::map || extents.length > limits_.dimensions) fail_chunked(begin);
    for (std::uint64_t i = 0; i < extents.length; ++i) {
      expect_key(fmt::format("{}", i), begin);
      whole.shape.emplace_back(read_count("an extent"));
    }
    expect_key("chunks", begin);
    const Token chunks = in_.next();
    if (chunks.type != Type::map) fail_chunked(begin);
    for (std::uint64_t i = 0; i < chunks.length; ++i) {
      expect_key(fmt::format("{}", i), begin);
      const Token chunk = in_.next();
      if (chunk.type != Type::extension || chunk.extension != kArray) fail_chunked(begin);
      const Leaf part = read_array(chunk);
      if (i > 0 && part.dtype != whole.dtype) fail_chunked(begin);
      whole.dtype = part.dtype;
      whole.bytes += part.bytes;
      whole.location = part.location;
    }
    if (chunks.length != 1) whole.location = {};
    check_size(whole, std::string(name(whole.dtype)), begin);
    // The map is no module: its name is the array's.
    name_ = std::move(open_.back().name);
    if (open_.size() > 1) open_.pop_back();
    add(whole);
  }

  void expect_key(const std::string& wanted, std::uint64_t begin) {
    const Token key = in_.next();
    if (key.type != Type::text || in_.text(key) != wanted) fail_chunked(begin);
  }
  [[noreturn]] void fail_chunked(std::uint64_t begin) const {
    fail(fmt::format("'{}' is no array in chunks as Flax writes it", place()), begin);
  }

  msgpack::Reader in_;
  const Limits& limits_;
  Model& model_;
  NamedLeaves leaves_;
  int skipped_ = 0;
  std::vector<Map> open_;
  std::string name_;  // of what is read in the innermost of them
};

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](unsigned char c) { return c >= 0x20 && c != 0x7f; });
}

// Whether names and maps lead to an array.
bool leads_to_array(msgpack::Reader& in) {
  if (const Token root = in.next(); root.type != Type::map || root.length == 0) return false;
  for (int depth = 0; depth < kMostNames; ++depth) {
    const Token key = in.next();
    if (key.type != Type::text || !is_name(in.text(key))) return false;
    const Token value = in.next();
    switch (value.type) {
      case Type::map:
        if (value.length == 0) return false;
        break;
      case Type::integer:
      case Type::real:
      case Type::boolean:
      case Type::nil: break;
      case Type::extension: {
        if (value.extension != kArray) return false;
        const Token parts = in.next();
        const Token shape = in.next();
        if (parts.type != Type::array || parts.length != 3 || shape.type != Type::array) return false;
        for (std::uint64_t i = 0; i < shape.length; ++i)
          if (in.next().type != Type::integer) return false;
        const Token type = in.next();
        return type.type == Type::text && dtype_of(in.text(type)).has_value();
      }
      default: return false;
    }
  }
  return false;
}

}  // namespace

bool matches_flax(Glance& glance) {
  const std::string_view head = glance.head();
  const bool is_map = !head.empty() && ((head[0] & '\xf0') == '\x80' || head[0] == '\xde');
  if (!is_map || head[0] == '\x80') return false;
  const Limits limits;
  msgpack::Reader in(glance.source(), limits);
  try {
    return leads_to_array(in);
  } catch (const Error&) {
    return false;
  }
}

void read_flax(Source& source, const ReadOptions& options, Model& model) {
  model.format = "Flax";
  model.kind = "msgpack";
  if (options.locations) model.files.push_back(model.source);
  FlaxReader(source, options, model).run();
}

}  // namespace weigh
