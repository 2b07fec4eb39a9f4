// FlatBuffers made field by field, so that any distance can lie.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weigh::testing {

// Bytes that grow from the front: whatever is referred to stands behind what refers to it, so distances are patched.
class FlatWriter {
 public:
  // A field of a table: bytes of a number, or a mark that a distance goes there.
  struct Field {
    std::string number = {};
    bool is_distance = false;
  };
  static Field number(std::uint64_t value, std::size_t width) { return {bytes_of(value, width), false}; }
  static Field distance() { return {"", true}; }

  explicit FlatWriter(const std::string& identifier) : bytes_(std::string(4, '\0') + identifier) {}

  std::size_t size() const { return bytes_.size(); }
  std::string& bytes() { return bytes_; }
  void point(std::size_t from, std::size_t to) { bytes_.replace(from, 4, bytes_of(to - from, 4)); }

  // A vtable and its table. `places` tells where each field lies, 0 for one that is left out (an empty number).
  std::size_t table(const std::vector<Field>& fields, std::vector<std::size_t>& places) {
    const std::size_t vtable = bytes_.size();
    std::string offsets;
    std::string body;
    places.clear();
    for (const Field& field : fields) {
      const bool is_absent = !field.is_distance && field.number.empty();
      offsets += bytes_of(is_absent ? 0 : 4 + body.size(), 2);
      places.push_back(is_absent ? 0 : vtable + 4 + 2 * fields.size() + 4 + body.size());
      body += field.is_distance ? std::string(4, '\0') : field.number;
    }
    bytes_ += bytes_of(4 + offsets.size(), 2) + bytes_of(4 + body.size(), 2) + offsets;
    const std::size_t at = bytes_.size();
    bytes_ += bytes_of(at - vtable, 4) + body;
    return at;
  }
  std::size_t text(const std::string& text) {
    const std::size_t at = bytes_.size();
    bytes_ += bytes_of(text.size(), 4) + text + '\0';
    return at;
  }
  std::size_t vector(std::size_t count, const std::string& elements) {
    const std::size_t at = bytes_.size();
    bytes_ += bytes_of(count, 4) + elements;
    return at;
  }
  // Room for `count` distances; the first stands at 4 behind what is returned.
  std::size_t distances(std::size_t count) { return vector(count, std::string(4 * count, '\0')); }

  static std::string bytes_of(std::uint64_t value, std::size_t width) {
    std::string bytes;
    for (std::size_t i = 0; i < width; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xFF);
    return bytes;
  }

 private:
  std::string bytes_;
};

}  // namespace weigh::testing
